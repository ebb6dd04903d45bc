"""The protocol, byte for byte: pure functions. Time, nonce and IV are arguments.

Written from SPEC.md: `keys` §2, `operations` §4, `payload` §5, `token` §6, `batch` §7, `frames` §8,
`requests` §9 and §13, `values` §12.
"""

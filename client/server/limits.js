// The limits of SPEC §3.

export const MAX_TOKEN = 12288;
export const MAX_OPERATIONS = 20;
/** Bytes of a token's `Set-Cookie` lines, field names and line ends counted. */
export const MAX_LINES = 6144;
export const MAX_NAME_AND_VALUE = 4096;
export const MAX_PATH = 1024;
export const MAX_DOMAIN = 253;
/** Seconds. */
export const MAX_MAX_AGE = 34_560_000;
/** Milliseconds, as all that follow. */
export const MAX_LIFETIME = 86_400_000;
export const DEFAULT_LIFETIME = 60_000;
export const SKEW = 5_000;
export const MAX_TIME = 253_402_300_799_999;
export const MAX_DEPTH = 8;
export const MIN_SECRET = 32;
/** Bytes of a secret from outside (§2.1). */
export const MAX_SECRET = 1024;
/** Bytes of a file of secrets. */
export const MAX_SECRET_FILE = 65_536;

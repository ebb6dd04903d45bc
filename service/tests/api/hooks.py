"""What a schema does not say: how whole numbers are written, and how long a test may wait."""

import schemathesis


def written(value):
    """Whole numbers in digits alone (SPEC §7), where JSON Schema takes 1.0 for one, too."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        return {name: written(item) for name, item in value.items()}
    return value


@schemathesis.hook
def map_body(context, body):
    return written(body)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Nobody waits a minute for a receipt that never comes."""
    for fields in (case.query, case.body):
        if isinstance(fields, dict):
            wait = fields.get("wait_ms")
            if str(wait).isdigit() and 5 < int(wait) <= 60_000:
                fields["wait_ms"] = 5

"""Nobody waits a minute for a receipt that never comes."""

import schemathesis


def shorten(fields):
    if isinstance(fields, dict):
        wait = fields.get("wait_ms")
        if isinstance(wait, int) and not isinstance(wait, bool) and 5 < wait <= 60_000:
            fields["wait_ms"] = 5
    return fields


@schemathesis.hook
def map_query(context, query):
    return shorten(query)


@schemathesis.hook
def map_body(context, body):
    return shorten(body)

"""A Mesop app as people write them: a visitor signs in, and a cookie remembers it.

Served by `gunicorn app:me`, as Mesop's own guide says.
"""

import time

import mesop as me


@me.cookieclass(encrypted=True)
class SignIn:
  username: str = ""


# Plain, so that its quotes and commas reach the wire, where Werkzeug has to quote them.
@me.cookieclass
class Greeting:
  text: str = ""
  times: int = 0


@me.stateclass
class State:
  username: str = ""
  greeting: str = ""
  progress: str = ""


def on_load(event: me.LoadEvent):
  state = me.state(State)
  state.username = me.cookie(SignIn).username
  state.greeting = me.cookie(Greeting).text


def sign_in(event: me.ClickEvent):
  state = me.state(State)
  state.progress = "Checking"
  yield
  # Long enough for the page to show the line above, if nothing on the way delays the stream.
  time.sleep(0.3)
  me.set_cookie(SignIn(username="Ada"), max_age=3600)
  me.set_cookie(Greeting(text='Good day, "Ada"; é', times=1))
  state.username = "Ada"
  state.progress = "Done"
  yield


def sign_out(event: me.ClickEvent):
  me.delete_cookie(SignIn)
  me.delete_cookie(Greeting)
  state = me.state(State)
  state.username = ""
  state.greeting = ""
  state.progress = ""


@me.page(path="/", on_load=on_load)
def page():
  state = me.state(State)
  me.text(f"Signed in as {state.username}" if state.username else "Nobody is signed in")
  me.text(f"Greeting: {state.greeting}")
  me.text(f"Progress: {state.progress}")
  me.button("Sign in", on_click=sign_in)
  me.button("Sign out", on_click=sign_out)

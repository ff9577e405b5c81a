"""Questions with typed answers. `answer = await app.push_screen_wait(Confirm(…))`; never an effect of their own.

A slip must not confirm: nothing is accepted in the first 400 ms (a held `enter` that opened the dialog), `enter`
alone never says yes, and what matters most asks for a name to be typed.
"""

from console.widgets.dialogs.asking import Ask, Choose
from console.widgets.dialogs.confirm import Answer, Confirm
from console.widgets.dialogs.dialog import Dialog
from console.widgets.dialogs.reading import Reading

__all__ = ["Answer", "Ask", "Choose", "Confirm", "Dialog", "Reading"]

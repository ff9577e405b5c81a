"""Commands that cannot work, one a line, as somebody might type them. $NAMES stand for what is awkward to write."""

from __future__ import annotations

import os
import shlex

_MEANT = {
    "$NOT_UTF8": os.fsdecode(b"caf\xe9\xff"),
    "$HUGE": "9" * 30,
    "$LONG": "x" * 5_000,
    "$TOO_MUCH": "x" * 70_000,
}
_STATEMENT = "--success 'it arrives' --risk low --rollback-plan back"


def commands(text: str) -> list[tuple[str, ...]]:
    """Return the commands of a table below."""
    return [tuple(_meant(word) for word in shlex.split(line)) for line in text.strip().splitlines()]


def _meant(word: str) -> str:
    for name, value in _MEANT.items():
        word = word.replace(name, value)
    return word


QUESTIONS = r"""
artifact show ffffffff
artifact show ''
artifact show %
artifact show 'x'"'"' OR 1=1'
artifact show $NOT_UTF8
artifact cat ffffffff
artifact cat ''
artifact cat %
artifact cat 'x'"'"' OR 1=1'
artifact cat $NOT_UTF8
lineage CR-9999
lineage ''
lineage %
lineage $NOT_UTF8
lineage #1
lineage é
request show CR-9999
request show ''
request show cr-0001
request show $NOT_UTF8
policy show --at yesterday
policy show --at 99999
policy show --at $NOT_UTF8
policy show --preset default --at 1
policy show --preset gentle
policy diff
policy check
state prod --at yesterday
state prod --at ''
state prod --at -1
state prod --at $HUGE
state prod --at CR-9999
state prod --at 9999
state prod --at $NOT_UTF8
state prod --at ²
state prod --at now-99999999999d
state prod --at 0001-01-01T00:00:00Z-1d
state prod --at 9999-12-31T23:59:59Z+1d
state prod --at CR-0001@
state prod --at @
state prod --at 2026-13-01T00:00:00Z
state prod --at 2026-02-30
state prod --at CR-$HUGE
state nowhere
state ''
state $NOT_UTF8
diff CR-0001 CR-9999
diff no-such-file prod@now
diff . CR-0001
diff CR-0001 /dev/null
diff $NOT_UTF8 CR-0001
diff '' ''
diff prod@never prod@now
diff nowhere@now prod@now
diff ffffffff CR-0001
diff $LONG CR-0001
log --since yesterday
log --limit 0
log --limit many
log --since $NOT_UTF8
log --until 9999999-01-01T00:00:00Z
log --limit -5
log --subject nonsense
drift nowhere
drift list $NOT_UTF8
prove 0
prove -1
prove 999
prove $HUGE
prove one
verify --from no-such-file
verify --from .
verify-proof no-such-file alice.pub
verify-proof alice.pub alice.pub
verify-proof . .
export statement $HUGE --out x
export statement 9999 --out x
key list nobody
finding show FND-9999
finding show $NOT_UTF8
finding list --state half
lineage FND-9999
log --subject FND-
request list --state 'no such state'
ingest no-such-file --project orders --env prod
ingest alice.pub --project ../up --env prod
ingest alice.pub --project orders --env ''
"""
ACTS = r"""
policy adopt CR-9999
policy adopt CR-0001
policy adopt $NOT_UTF8
policy propose --why nothing-there
policy propose --why x --risk huge
principal suspend alice --hours 0 --reason x
principal suspend bo --until soon --reason x
principal suspend bo --until 2001-01-01 --reason x
principal suspend bo --hours 1 --grant boss --reason x
principal suspend nobody --hours 1 --reason x
principal reinstate bo --reason x
role grant bo auditor --until $HUGE
approve CR-9999
approve $NOT_UTF8
refuse CR-9999 --reason no
deploy CR-9999
deploy ''
promote CR-9999 --to prod
promote CR-0002 --to nowhere
request submit CR-9999
request edit CR-9999 --title x
request withdraw CR-9999
rollback prod --project nothing --yes
rollback nowhere --project orders --yes
rollback prod --project orders --to CR-9999 --yes
rollback prod --project orders --component no-such --yes
rollback prod --project $NOT_UTF8 --yes
rollback prod --project orders
drift ack DR-9999 --note x
drift adopt DR-9999 --why x
drift revert DR-9999
quarantine lift ffff --project orders --reason x
freeze nowhere --reason x
freeze prod --reason ' '
freeze prod --reason $NOT_UTF8
incident note INC-9999 x
incident open --title x --severity dreadful
incident open --title ''
incident open --title x --env nowhere
incident open --title $NOT_UTF8
incident open --title $TOO_MUCH
finding open --title ''
finding open --title $NOT_UTF8
finding open --title $TOO_MUCH
finding open --title x --severity dreadful
finding open --title x --source rumour
finding open --title x --about CR-9999
finding open --title x --about $HUGE
finding open --title x --about $NOT_UTF8
finding open --title x --assignee nobody
finding open --title x --due yesterday
finding open --title x --due 2001-01-01
finding open --title x --due $LONG
finding assign FND-9999 --to bo
finding note FND-9999 x
finding close FND-9999 --done x
finding close '' --done x
policy review --note ' '
annotate FND-9999 x
annotate CR-9999 x
annotate 9999 x
annotate $HUGE x
annotate CR-0001 $NOT_UTF8
principal add eve --public-key alice
principal add eve --public-key .
principal add eve --public-key no-such-file
principal add '' --public-key new.pub
principal add ../eve --public-key new.pub
principal add $NOT_UTF8 --public-key new.pub
principal add eve --public-key weak.pub
principal add bo --public-key new.pub
principal add eve --public-key new.pub --role emperor
role grant nobody approver
role grant bo emperor
role grant bo ''
role grant bo approver@
role grant bo approver@a/b/c
role grant bo approver
role revoke bo auditor --reason x
key add nobody --public-key new.pub
key revoke bo SHA256:nothing --reason x
key revoke nobody x --reason x
environment add prod --target folder --deliver x
environment add e --target ftp
environment add ../e --target folder --deliver x
environment add e --target folder
environment add e --target folder --deliver x --url http://x
environment add e --target node-red
environment add e --target node-red --url x
environment add $NOT_UTF8 --target folder --deliver x
environment add e --target folder --deliver $NOT_UTF8
environment add e --target folder --deliver ''
request open --project nothing --env prod --title T --why W $STATEMENT
request open --project orders --env nowhere --title T --why W $STATEMENT
request open --project orders --env prod --title T --why W $STATEMENT --risk enormous
request open --project orders --env prod --title T --why W $STATEMENT --title ''
request open --project orders --env prod --title T --why W $STATEMENT --title $NOT_UTF8
request open --project orders --env prod --title T --why W $STATEMENT --what $TOO_MUCH
request open --project orders --env prod --title T --why W $STATEMENT --artifact ffff
request open --project orders --env prod --title T --why W $STATEMENT --artifact ''
request open --project $NOT_UTF8 --env prod --title T --why W $STATEMENT
init ws --name alice
init other
init other --name ''
init other --name 'a b'
init other --name alice --origin https://x
init alice.pub --name alice
init alice.pub/x --name alice
init other --name $NOT_UTF8
demo alice.pub --headless
""".replace("$STATEMENT", _STATEMENT)

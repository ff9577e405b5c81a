"""The templates and playbooks that every policy begins with. As defaults they are for ever: add, never change."""

from __future__ import annotations

from store.domain.policy.templates import Playbook, Template


def built_in_templates() -> dict[str, Template]:
    """Return the built-in kinds of change."""
    return {
        "config-tweak": Template(
            title="Change of a setting",
            about="A value, a text, a schedule: no new code, no new connection.",
            mandatory=("what",),
            checklist=("the difference is only what the request says", "the old value is in the rollback plan"),
        ),
        "new-connector": Template(
            title="New connector or outside host",
            about="The automation speaks to something it did not speak to before.",
            mandatory=("what", "impact", "dependencies", "constraints", "tests"),
            checklist=(
                "the host or module is known and wanted",
                "its licence and its maker were looked at",
                "credentials are references, not values",
                "what data leaves, and where to, is stated",
            ),
            risk="medium",
        ),
        "automation-rule": Template(
            title="New or changed automation",
            about="A flow or workflow does something new.",
            mandatory=("what", "impact", "tests"),
            checklist=(
                "the change does what the request says and nothing else",
                "what happens on an error was tried",
                "the tests were run on this very export",
            ),
        ),
        "data-model": Template(
            title="Change of stored data",
            about="What is stored, or how it is transformed.",
            mandatory=("what", "impact", "dependencies", "constraints", "tests"),
            checklist=(
                "existing data was thought of",
                "test data was made up or scrubbed, and it is said how",
                "going back does not lose data, or it is said what is lost",
            ),
            risk="medium",
        ),
        "emergency-fix": Template(
            title="Emergency fix",
            about="Something is broken now; the incident says what.",
            mandatory=("what", "impact"),
            checklist=("an incident is open", "it is the smallest change that helps", "a full request follows"),
            risk="high",
        ),
    }


def built_in_playbooks() -> dict[str, Playbook]:
    """Return the built-in step lists."""
    return {
        "rollback": Playbook(
            title="Rollback",
            about="Back to a release that worked.",
            steps=(
                "say in the incident what is wrong and since when",
                "look at the dry run: what goes back, what cannot",
                "tell those whose changes go with it",
                "roll back",
                "see that what is live is what was meant",
                "say what happens next with the release left behind",
            ),
        ),
        "incident": Playbook(
            title="Incident",
            about="Something is wrong and nobody knows yet what.",
            steps=(
                "open the incident; its start pins what was live",
                "freeze the environment if more changes would make it worse",
                "look at what changed since it last worked",
                "stop the harm: roll back, disable, or suspend",
                "tell those who are affected",
                "close it with cause, fix and what was learned",
            ),
        ),
        "emergency-fix": Playbook(
            title="Emergency fix",
            about="A change that cannot wait for all approvals.",
            steps=(
                "open an incident",
                "open a request from the template emergency-fix",
                "break glass with the justification, if nobody can approve in time",
                "deploy and see that it helps",
                "have somebody else review it before it is due",
            ),
        ),
    }

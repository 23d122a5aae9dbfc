"""How learning systems and people arrange hand-ins: one module a source, and the table of all of them."""

# Names for `--layout`, as in `table.LAYOUTS`, which takes longer to import.
LAYOUT_NAMES = (
    "gradescope",
    "moodle",
    "blackboard",
    "canvas",
    "brightspace",
    "teams",
    "repositories",
    "google",
    "one",
    "sections",
    "nbgrader",
    "names",
)

# Short names for what is done often. `just` lists them.

python := ".venv/bin/python"
for_tests := "DJANGO_SETTINGS_MODULE=hivemind.settings.test"

default:
    @just --list

# Everything that must hold before a change is merged.
check:
    ./.ci/run

# All tests, or those that pytest's arguments name.
test *arguments:
    ./scripts/test.sh {{arguments}}

# The whole service in the foreground, until Ctrl-C.
up:
    {{python}} manage.py up

# Write the reference pages from the code: settings, errors, states, the API.
docs:
    {{for_tests}} {{python}} manage.py reference_docs

# Check that the API is described completely and that the committed description is current.
openapi:
    {{for_tests}} {{python}} manage.py spectacular --validate --fail-on-warn --file /dev/null
    {{for_tests}} {{python}} manage.py reference_docs --check

# Measure what the platform promises.
bench *arguments:
    {{python}} bench/run.py {{arguments}}

# Play every lie of a service against a client command: `just conformance --only 'quote/*'`.
conformance *arguments:
    {{python}} -m tests.conformance {{arguments}}

# Measure what rooms let out and what they are good for.
eval *arguments:
    {{python}} -m eval {{arguments}}

# Take the pictures of the operator's guide again: all, or some chapters with --only.
pictures *arguments:
    {{python}} -m tests.pictures {{arguments}}

# Resolve the dependencies anew.
lock *arguments:
    ./scripts/lock.sh {{arguments}}

"""The pages of docs/reference, written from the code that they describe: settings, errors, states, the API."""

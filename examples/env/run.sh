#!/bin/sh
# `credhelper exec api -- your-program` does it without a shell.
eval "$(credhelper as env api)"
exec your-program

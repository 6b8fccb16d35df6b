#!/bin/sh
# Prints the names of your iTwins with a token from credhelper: get-itwins.sh [PROFILE]
# Needs curl, jq and timeout (POSIX.1-2024; in coreutils).
set -eu

limit_s=25 # more than credhelper's own deadline (20 s), so that its reason comes through
temporary=75 # exit status of credhelper: trying again later helps
url="${ITWIN_API:-https://api.bentley.com}/itwins/?\$top=5"

fail() {
  printf '%s\n' "$1" >&2
  exit "${2:-1}"
}

# Prints the access token; credhelper's own line on stderr goes to whoever reads ours.
token() {
  for pause_s in 2 4 0; do
    status=0
    answer=$(timeout -k 1 "$limit_s" credhelper get "$@" </dev/null) || status=$?
    if [ "$status" -ne "$temporary" ] || [ "$pause_s" -eq 0 ]; then break; fi
    sleep "$pause_s"
  done
  case $status in
    0) ;;
    124 | 137) fail "credhelper gave no answer within $limit_s s" ;;
    *) exit "$status" ;;
  esac
  printf '%s\n' "$answer" | jq -er 'select(.Version == 1).AccessToken' ||
    fail "credhelper answered in a version that is not known here"
}

# Prints the body and, in a line of its own, the HTTP status. The token goes through a pipe:
# everybody on the machine can read a command line.
call() {
  printf 'header = "Authorization: Bearer %s"\n' "$1" |
    curl -sS -K - --max-time 30 -w '\n%{http_code}' \
      -H 'Accept: application/vnd.bentley.itwin-platform.v1+json' "$url"
}

profile=${1-}
access_token=$(token ${profile:+"$profile"})
response=$(call "$access_token")
if [ "${response##*
}" = 401 ]; then
  # The token was revoked, or its key rotated, before its expiry: once, past the cache.
  access_token=$(token --fresh ${profile:+"$profile"})
  response=$(call "$access_token")
fi
http=${response##*
}
[ "$http" = 200 ] || fail "$url answered $http"
printf '%s\n' "${response%
*}" | jq -r '.iTwins[].displayName'

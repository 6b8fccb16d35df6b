"""One file per shell whose TAB key we serve; the contract is `contracts.Shell`.

A profile's name is printed by `credhelper completion profiles` while the user waits, and is never
expanded by a shell; all else stands in the script, which is made anew with each version. What the
script runs is the `credhelper` of PATH, not the word that was typed: a TAB must start nothing else.
"""

// Prints what Google's library for JavaScript makes of a credential configuration.
import { readFileSync } from "node:fs";
import { PluggableAuthClient } from "google-auth-library";

const client = new PluggableAuthClient(JSON.parse(readFileSync(process.argv[2], "utf8")));
console.log((await client.getAccessToken()).token);

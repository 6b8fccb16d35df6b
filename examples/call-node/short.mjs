// The least that works: prints the status of one call to the iTwin API. Needs Node 18.
import { execFileSync } from "node:child_process";

const options = { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
const token = execFileSync("credhelper", ["as", "token"], options).trim();
const headers = { Authorization: `Bearer ${token}` };
const api = process.env.ITWIN_API ?? "https://api.bentley.com";
const response = await fetch(`${api}/itwins/`, { headers, redirect: "error" });
console.log(response.status);

#!/usr/bin/env node
// @ts-check
// Prints the names of your iTwins with a token from credhelper: get-itwins.mjs [PROFILE]
import { execFile } from "node:child_process";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const LIMIT_MS = 25_000; // more than credhelper's own deadline (20 s), so that its reason comes through
const PAUSES_MS = [2_000, 4_000]; // after a temporary failure; then it is the caller's turn
const TEMPORARY = 75; // exit status of credhelper: trying again later helps
const URL = `${process.env.ITWIN_API ?? "https://api.bentley.com"}/itwins/?$top=5`;

/** One line for the person who must act, and the exit status. */
class Failure extends Error {
  /** @param {string} line @param {number} status */
  constructor(line, status = 1) {
    super(line);
    this.status = status;
  }
}

/**
 * The access token of one run of `credhelper get`.
 * @param {string[]} args
 * @returns {Promise<string>}
 */
async function ask(...args) {
  // No shell; both outputs are read as they come; on the time limit the command is killed.
  const options = { timeout: LIMIT_MS, killSignal: /** @type {const} */ ("SIGKILL") };
  const running = promisify(execFile)("credhelper", ["get", ...args], options);
  running.child.stdin?.end();
  const { stdout } = await running.catch((error) => {
    // Not the error itself: it carries stdout.
    if (error.killed) throw new Failure(`credhelper gave no answer within ${LIMIT_MS / 1000} s`);
    if (error.code === "ENOENT") throw new Failure("credhelper is not on PATH");
    throw new Failure(error.stderr.trim(), typeof error.code === "number" ? error.code : 1);
  });
  /** @type {{Version?: number, AccessToken?: string}} */
  let answer = {};
  try {
    answer = JSON.parse(stdout);
  } catch {
    // Not the error itself: it quotes stdout.
  }
  if (answer.Version === 1 && answer.AccessToken) return answer.AccessToken;
  throw new Failure("credhelper answered in a version that is not known here");
}

/**
 * An access token, with patience for what is temporary.
 * @param {string[]} args
 * @returns {Promise<string>}
 */
async function token(...args) {
  for (const ms of PAUSES_MS) {
    try {
      return await ask(...args);
    } catch (error) {
      if (!(error instanceof Failure) || error.status !== TEMPORARY) throw error;
    }
    await pause(ms);
  }
  return ask(...args);
}

/** @param {string} accessToken */
function call(accessToken) {
  return fetch(URL, {
    headers: {
      Accept: "application/vnd.bentley.itwin-platform.v1+json",
      Authorization: `Bearer ${accessToken}`,
    },
    redirect: "error", // the token is for this server
    signal: AbortSignal.timeout(30_000),
  });
}

try {
  const profile = process.argv.slice(2, 3);
  let response = await call(await token(...profile));
  // The token was revoked, or its key rotated, before its expiry: once, past the cache.
  if (response.status === 401) response = await call(await token("--fresh", ...profile));
  if (!response.ok) throw new Failure(`${URL} answered ${response.status}`);
  /** @type {{iTwins: {displayName: string}[]}} */
  const { iTwins } = await response.json();
  for (const { displayName } of iTwins) console.log(displayName);
} catch (error) {
  // An error of `fetch` has its reason in `cause`: ECONNREFUSED, ENOTFOUND.
  const reason = /** @type {Error & {cause?: {code?: string}}} */ (error);
  console.error(error instanceof Failure ? error.message : `${URL}: ${reason.cause?.code ?? reason.name}`);
  process.exitCode = error instanceof Failure ? error.status : 1;
}

// Prints the key id that the AWS SDK for JavaScript has from the AWS profile in force.
import { fromProcess } from "@aws-sdk/credential-provider-process";

console.log((await fromProcess()()).accessKeyId);

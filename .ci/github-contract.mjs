// Holds answers (a file of JSON) against GitHub's published API description, and prints what does not fit.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const Ajv = require("ajv").default;
const formats = require("ajv-formats").default;
const api = require("@octokit/openapi/generated/api.github.com.deref.json");

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
formats(ajv);
const check = (schema, value) => {
  const valid = ajv.validate(schema, value);
  return valid ? [] : ajv.errors.map((error) => `${error.instancePath} ${error.message}`);
};

let passed = 0;
let failed = 0;
for (const { operation, method, request, status, answer } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const described = api.paths[operation][method.toLowerCase()];
  const problems = [];
  const response = described.responses[status];
  // Every operation can answer 401 and 404; where it is not described, the basic error is meant.
  const schema = response?.content?.["application/json"]?.schema ?? {
    type: "object", required: ["message", "documentation_url"],
  };
  if (!response && ![401, 404].includes(status)) problems.push(`${status} is not described`);
  problems.push(...check(schema, answer));
  const body = described.requestBody?.content?.["application/json"]?.schema;
  if (body && status < 300) problems.push(...check(body, request).map((problem) => `request: ${problem}`));
  if (problems.length) {
    failed += 1;
    console.log(`${method} ${operation} ${status}: ${problems.join("; ")}`);
  } else {
    passed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

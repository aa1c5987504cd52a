import type { Reporter, TestCase } from "vitest/node";

/**
 * Says at the end which tests passed at their second try only, and what had been wrong. They hold up nobody's change, and
 * each is a defect all the same: in the test, or in what it tests.
 */
export function flakyTests(): Reporter {
  const flaky: TestCase[] = [];
  return {
    onTestCaseResult(test) {
      if (test.diagnostic()?.flaky === true) flaky.push(test);
    },
    onTestRunEnd() {
      for (const test of flaky) {
        const problems = (test.result().errors ?? []).map(
          ({ message }) => `    ${message.split("\n", 3).join("\n    ")}`,
        );
        console.log(
          [`FLAKY ${test.project.name} ${test.module.relativeModuleId} > ${test.fullName}`, ...problems].join("\n"),
        );
      }
    },
  };
}

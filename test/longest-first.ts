/**
 * The order of test files: those that take longest first, so that no processor waits for one of them at the end. What
 * vitest remembers of earlier runs is not there in a fresh clone, so the longest stand here, in seconds of a quiet
 * machine; a change of some seconds needs no change here.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const seconds: Record<string, number> = {
  'test/main-job.test.ts': 93,
  'bench/benches.test.ts': 60,
  'test/portal-analyses.test.ts': 58,
  'test/portal-studies.test.ts': 55,
  'web/study/player.test.ts': 47,
  'test/jobs-kill.test.ts': 39,
  'test/care.test.ts': 25,
  'test/start.test.ts': 36,
  'test/participant-states.test.ts': 34,
  'test/cli.test.ts': 31,
  'test/portal-results.test.ts': 30,
  'test/portal-datasets.test.ts': 28,
  'test/portal-pipelines.test.ts': 22,
  'test/jobs-crash.test.ts': 16,
  'test/portal-synthesis.test.ts': 15,
  'test/pipeline-logs.test.ts': 15,
  'test/synthesis.test.ts': 15,
  'test/routes.test.ts': 14,
  'test/participant.test.ts': 14,
  'test/participant-trouble.test.ts': 13,
  'test/pipelines.test.ts': 12,
  'runner/job.test.ts': 12,
  'runner/pipeline.test.ts': 11,
}

export class LongestFirst extends BaseSequencer {
  /**
   * By the seconds above; what is not named comes last, as vitest would order it. Of the tests that a change can reach
   * (`--changed`) the short ones come first: somebody waits for the first that fails.
   */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root, changed } = this.ctx.config
    const secondsOf = (file: TestSpecification): number => seconds[file.moduleId.slice(root.length + 1)] ?? 0
    const sign = changed ? 1 : -1
    return (await super.sort(files)).toSorted((a, b) => sign * (secondsOf(a) - secondsOf(b)))
  }
}

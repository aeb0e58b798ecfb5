/**
 * `npm run synth`: synthesises both stages in process and holds them against cdk-nag's AwsSolutions rules. Ends with an
 * error when a finding of level error is neither mended nor accepted with a reason. `--fast` leaves the functions' code
 * out.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CloudAssembly } from 'aws-cdk-lib/cx-api'
import { AwsSolutionsChecks } from 'cdk-nag'
import { cloister } from './app.ts'

interface Finding {
  rule: string
  level: string
  resource: string
  text: string
}
export interface Synthesis {
  assembly: CloudAssembly
  findings: Finding[]
}

/** Synthesises a stage into a folder of its own and answers the assembly with what cdk-nag still finds. */
export function synthesise(context: Record<string, unknown>, outdir: string): Synthesis {
  const app = cloister({ context, outdir })
  const assembly = app.synth()
  // The rules are asked directly, so that findings come back as data; in bin/cloister.ts the same rules stop `cdk
  // synth`.
  const { violations } = new AwsSolutionsChecks(app).validateScope(app)
  return {
    assembly,
    findings: violations.flatMap((violation) =>
      violation.violatingResources.map((resource) => ({
        rule: violation.ruleName,
        level: violation.severity ?? 'error',
        resource: resource.constructPath ?? '?',
        text: violation.description,
      })),
    ),
  }
}

function main(): void {
  const bundle = process.argv.includes('--fast') ? 'false' : 'true'
  const folder = mkdtempSync(join(tmpdir(), 'cloister-synth-'))
  let errors = 0
  try {
    for (const stage of ['prod', 'dev']) {
      const { assembly, findings } = synthesise({ stage, bundle }, join(folder, stage))
      for (const { stackName, template } of assembly.stacks) {
        const { Resources = {} } = template as { Resources?: object }
        process.stdout.write(`${stackName}: ${Object.keys(Resources).length} resources\n`)
      }
      for (const finding of findings)
        process.stdout.write(`  ${finding.level} ${finding.rule} ${finding.resource}\n    ${finding.text}\n`)
      errors += findings.filter((f) => f.level === 'error').length
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  process.stdout.write(`cdk-nag: ${errors} ${errors === 1 ? 'error' : 'errors'}\n`)
  process.exitCode = errors > 0 ? 1 : 0
}

if (import.meta.main) main()

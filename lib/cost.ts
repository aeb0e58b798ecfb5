/**
 * Writes docs/cost.md from the production templates and lib/prices.ts; `--check` only says whether it is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { idleLines } from './cost-idle.ts'
import { type Line, sum } from './cost-lines.ts'
import { participantLines, pipelineLines, queryLines, scriptLines } from './cost-use.ts'
import { allowance, price, pricesAsOf } from './prices.ts'
import { type Resource, synthesised } from './testing.ts'

const page = 'docs/cost.md'

const usd = (x: number): string => x.toFixed(2)
const table = (lines: Line[]): string =>
  [
    '| what | how many | USD each | USD | |',
    '|---|---:|---:|---:|---|',
    ...lines.map(({ what, count, each, note }) => {
      const cells = [what, count.toLocaleString('en-US'), Number(each.toPrecision(6)), usd(count * each), note]
      return `| ${cells.join(' | ')} |`
    }),
    `| **together** | | | **${usd(sum(lines))}** | |`,
  ].join('\n')

/** The page, from the templates of the production stage. */
export function costPage(resources: Resource[], withScripts: Resource[]): string {
  const idle = idleLines(resources)
  const participants = participantLines(resources)
  const queries = queryLines(resources)
  const scripts = scriptLines(resources)
  const more = idleLines(withScripts).filter((l) => !idle.some((i) => i.what === l.what && i.count === l.count))
  const alarms = resources.filter((r) => r.Type === 'AWS::CloudWatch::Alarm').length
  return `# What it costs

Computed by \`node lib/cost.ts\` from the templates of the production stage (us-east-1) and the list prices in \`lib/prices.ts\` (${pricesAsOf}), in USD without taxes. A test fails when this page is out of date.

## Idle, a month

Nothing runs, nobody comes. What is paid for is being there:

${table(idle)}

- Each **organisation** adds its own RSA key pair: ${usd(price.month['customer key'])} a month. It is made when the organisation is founded.
- The allowances of CloudWatch (${allowance.alarms} alarms, ${allowance.dashboards} dashboards, ${allowance.metrics} metrics) belong to the account. Where other systems use them up, add ${usd(Math.min(alarms, allowance.alarms) * price.month['alarm metric'])} for alarms and ${usd(price.month['dashboard'])} for the dashboard.
- The data key is rotated every year; AWS charges each of the first two rotations like one more key (1.00 a month each).
- The first trail of an account is free. Where the account has one already, deploy with \`-c trail=false\`; a second one costs 2.00 for each 100,000 events.
- \`-c waf=false\` (the default of a development stage) saves the firewall: ${usd(price.month['firewall'] + 2 * price.month['firewall rule'])} a month.
- Not idle but close: the sweep and the watch over jobs run 43,200 times a month each (${usd(2 * 43_200 * (price.million['function call'] / 1e6 + 0.2 * 0.5 * price['function GB-second (arm64)']))} at 200 ms together). Storage is ${price['table GB-month'] + price['table recovery GB-month']} per GB and month in the table, 0.023 in buckets. Cognito charges nothing up to 10,000 people a month.

### With scripts

SQL needs nothing more. Python, R and notebooks run in containers in a network without a way out; reaching images and log from there is paid for by the hour, so it is off unless asked for: \`-c scripts=true\` adds

${table(more)}

There is no NAT and no cluster. Everything is in one zone: a second one would double this line and buy only that jobs need not wait while a zone is down.

## Each 1,000 SQL jobs

On a table of 10 million rows, each one cold:

${table(queries)}

## Each 1,000 Python jobs

${table(scripts)}

## Each 1,000 runs of pipelines

Ten minutes each, 2 vCPU and 4 GB, 20,000 lines of log, watched from beginning to end:

${table(pipelineLines(resources))}

The log stays readable for ever as objects of the bucket \`released\`; in CloudWatch it is kept three months.

## Each 1,000 participants

100 appends of 5 KB each, as in \`npm run bench -- ingest\`, every append sent alone (pages batch when they can):

${table(participants)}

That is ${(sum(participants) / 10).toFixed(2)} cents for each participant.
`
}

function main(): void {
  const text = costPage(synthesised().resources, synthesised({ scripts: 'true' }).resources)
  if (!process.argv.includes('--check')) {
    writeFileSync(page, text)
    return
  }
  if (readFileSync(page, 'utf8') === text) return
  process.stderr.write(`${page} is not what the templates cost now. Run "node lib/cost.ts" and commit it.\n`)
  process.exitCode = 1
}

if (import.meta.main) main()

/** The plan of a synthetic table: read from a file or the proposal, changed by options, and written for people. */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { SynthesisPlan } from '../../../contracts/synthesis.ts'
import type { Client } from '../../api.ts'
import type { Options } from '../command.ts'
import { CliError, exits } from '../io.ts'
import { numberOf } from '../values.ts'

/** A synthetic table as the server tells of it. */
export type Synthesis = Awaited<ReturnType<Client['synthesis']['get']>>
type Plan = z.input<typeof SynthesisPlan>

/** Options that confirm a plan. */
export const planOptions = {
  plan: { type: 'string', value: 'FILE', help: 'the plan, instead of the proposed one' },
  epsilon: { type: 'string', value: 'E', help: 'what it may spend, instead of what the plan says' },
  method: { type: 'string', value: 'METHOD', help: 'auto, aim, mst, privsyn or independent' },
  rows: { type: 'string', value: 'N', help: 'how many rows are made' },
  quote: { type: 'boolean', help: 'only says the price' },
  wait: { type: 'boolean', help: 'waits until the table is made' },
} as const satisfies Options

/** What `planOptions` were given that change the plan. */
interface PlanChanges {
  plan?: string | undefined
  epsilon?: string | undefined
  method?: string | undefined
  rows?: string | undefined
}

async function readPlan(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (e) {
    throw e instanceof SyntaxError ? new CliError(exits.usage, `${file} is not JSON.`) : e
  }
}

/**
 * The plan that is confirmed: the file's or else the proposed one, with what the options say in its place.
 *
 * @throws {CliError} when there is none, or it does not have the form of one.
 */
export async function planOf(changes: PlanChanges, proposed: Synthesis['plan']): Promise<Plan> {
  const plan = changes.plan === undefined ? proposed : await readPlan(changes.plan)
  if (!plan) throw new CliError(exits.usage, 'There is no proposed plan.', 'Say --plan with one.')
  const epsilon = numberOf('epsilon', changes.epsilon)
  const rows = numberOf('rows', changes.rows)
  const { method } = changes
  const parsed = SynthesisPlan.safeParse({
    ...(plan as Plan),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(rows === undefined ? {} : { rows }),
    ...(method === undefined ? {} : { method }),
  })
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  throw new CliError(
    exits.usage,
    'The plan does not have the form of one.',
    issues
      .slice(0, 20)
      .map(({ path, message }) => `  ${path.join('/')}: ${message}`)
      .join('\n'),
  )
}

/** The plan as a file for people to edit: one line a column. */
export function planText({ columns, ...rest }: NonNullable<Synthesis['plan']>): string {
  const lines = columns.map((column) => `    ${JSON.stringify(column)}`).join(',\n')
  const others = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(',\n')
  return `{\n  "columns": [\n${lines}\n  ],\n${others}\n}`
}

/** synthesis confirm, make: a plan is priced, charged and carried out. */
import { type Call, defineCommand } from '../command.ts'
import { CliError, exits, show } from '../io.ts'
import { connect, type Session } from '../session.ts'
import { columnFaultLines } from '../text.ts'
import { begun, sourceArgument, sourceOptions } from './begin.ts'
import { planOf, planOptions, type Synthesis } from './plan.ts'
import { fresh, rested } from './rest.ts'
import { synthesisArgument } from './synthesis-id.ts'
import { quoteText, synthesisText } from './synthesis-text.ts'

/** Says the price of the plan, and unless only that was asked, charges it and has the table made. */
async function carryOut(
  session: Session,
  { synthesisId, plan: proposed, rev }: Synthesis,
  options: Call<typeof planOptions>['options'],
): Promise<number> {
  const { io, client } = session
  const params = { synthesisId }
  const plan = await planOf(options, proposed)
  const quote = await client.synthesis.quote({ params, body: plan })
  if (!quote.feasible)
    throw new CliError(
      exits.no,
      'This plan cannot be carried out. Nothing was charged.',
      columnFaultLines(quote.faults).join('\n'),
    )
  const price = quoteText(quote)
  if (options.quote) {
    show(io, quote, () => price)
    return exits.done
  }
  io.note(price)
  const made = await client.synthesis.confirm({ params, body: { rev, plan } })
  if (!options.wait) {
    show(io, made, () => `${made.jobId}: being made\n  cloister synthesis show ${synthesisId}`)
    return exits.done
  }
  const done = await rested(session, synthesisId)
  show(io, done, () => synthesisText(done))
  return exits.done
}

export const make = defineCommand({
  name: 'make',
  usage: 'make FILE',
  summary: 'Has a table read, and confirms its plan at once',
  rows: [['make FILE --plan plan.json', 'the same, and confirms the plan at once']],
  argument: sourceArgument,
  options: { ...sourceOptions, ...planOptions },
  examples: ['cloister synthesis make people.csv --plan plan.json --wait'],
  async run({ io, options, argument }) {
    const session = await connect(io, options.server)
    return carryOut(session, await begun(session, argument, options), options)
  },
})

export const confirm = defineCommand({
  name: 'confirm',
  usage: 'confirm ID',
  summary: 'Says the price of a plan, charges it and makes the table',
  rows: [
    ['confirm ID --plan plan.json', 'says the price, charges it and makes the table; --quote only says the price'],
    ['    [--epsilon E] [--method auto|aim|mst|privsyn|independent] [--rows N] [--wait]'],
  ],
  argument: synthesisArgument,
  options: planOptions,
  examples: ['cloister synthesis confirm syn_abcdefghijklmnop --plan plan.json --quote'],
  async run({ io, options, argument }) {
    const session = await connect(io, options.server)
    return carryOut(session, await fresh(session, argument), options)
  },
})

/** ask: a question to a dataset. */
import { languages, releaseModes } from '../../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../../domain/datasets/schema.ts'
import { defineCommand, organisation } from '../command.ts'
import { datasetArgument, findDataset } from '../datasets/find.ts'
import { exits, show } from '../io.ts'
import { connect } from '../session.ts'
import { choice, numberOf } from '../values.ts'
import { quoteText, standingOf } from './job-text.ts'
import { jobOver, tell } from './outcome.ts'
import { codeOf, cohortOf, declaredOf, parametersOf, type Question } from './question.ts'

export const ask = defineCommand({
  name: 'ask',
  usage: 'ask DATASET (--sql TEXT | --file SCRIPT) [--mode MODE] [--cohort FILTER]… [--epsilon E] [--wait]',
  summary: 'Ask a dataset: SQL, or a script in Python, R or a notebook',
  detail: `  --mode ${releaseModes.join('|')}     how the answer may leave (default rules)
  --cohort FILTER               e.g. "subjects.age>=60", "subjects.site=Aarhus,Bologna", "subjects.age=60..70"; may be said more than once
  --epsilon E, --declare X=0..1 for noise: what it may spend, and for scripts what it answers and its range
  --parameters JSON, --purpose TEXT, --title TEXT, --language L, --seconds N, --memory MB
  --quote                       only says what it would cost and which rules apply
  --wait                        waits for the end and prints the result (exit code 1 when nothing was released)
Give the same --key twice and the second time answers the first job.`,
  argument: datasetArgument,
  options: {
    org: organisation,
    sql: { type: 'string', value: 'TEXT', help: 'the statement' },
    file: { type: 'string', short: 'f', value: 'SCRIPT', help: 'the script; its ending says the language' },
    language: { type: 'string', value: 'L', help: `the language of a file: ${languages.join(', ')}` },
    mode: { type: 'string', value: 'MODE', help: `how the answer may leave: ${releaseModes.join(', ')}` },
    cohort: { type: 'string', multiple: true, value: 'FILTER', help: 'only these subjects: "subjects.age>=60"' },
    epsilon: { type: 'string', value: 'E', help: 'what it may spend of the privacy budget, for noise' },
    declare: {
      type: 'string',
      multiple: true,
      value: 'NAME=LOW..HIGH',
      help: 'what a script under noise answers, and its range',
    },
    parameters: { type: 'string', value: 'JSON', help: 'values for the parameters of the code' },
    purpose: { type: 'string', value: 'TEXT', help: 'what the answer is for' },
    title: { type: 'string', value: 'TEXT', help: 'what the job is called' },
    seconds: { type: 'string', value: 'N', help: 'how long it may run' },
    memory: { type: 'string', value: 'MB', help: 'how much memory it may use' },
    key: { type: 'string', value: 'KEY', help: 'the same key again answers the same job' },
    quote: { type: 'boolean', help: 'only says what it would cost and which rules apply' },
    wait: { type: 'boolean', help: 'waits for the end and prints the result' },
  },
  examples: [
    'cloister ask ageing --sql "SELECT site, count(*) AS people FROM subjects GROUP BY site" --wait',
    'cloister ask ageing --file model.py --mode noise --epsilon 0.5 --declare slope=-1..1 --wait',
  ],
  async run({ io, options, argument }) {
    const { code, language } = await codeOf(options)
    const mode = choice('mode', options.mode, releaseModes) ?? 'rules'
    const session = await connect(io, options.server)
    const { jobs } = session.client
    const dataset = await findDataset(session, argument, options.org)
    const question: Question = {
      dataset: dataset.datasetId,
      cohort: cohortOf(options.cohort, dataset.schema as DatasetSchema | undefined),
      language,
      code,
      parameters: parametersOf(options.parameters),
      mode,
      purpose: options.purpose ?? '',
      epsilon: numberOf('epsilon', options.epsilon),
      declared: declaredOf(options.declare),
      limits: { seconds: numberOf('seconds', options.seconds), memoryMb: numberOf('memory', options.memory) },
      title: options.title,
    }
    if (options.quote) {
      const quote = await jobs.quote({ body: question })
      show(io, quote, () => quoteText(quote))
      return quote.acceptable ? exits.done : exits.no
    }
    const asked = await jobs.ask({
      body: question,
      ...(options.key === undefined ? {} : { headers: { 'idempotency-key': options.key } }),
    })
    if (options.wait) return tell(session, await jobOver(session, asked.jobId))
    show(io, asked, () => `${asked.jobId}: ${standingOf(asked)}\n  cloister job result ${asked.jobId}`)
    return exits.done
  },
})

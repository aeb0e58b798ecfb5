import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Ref } from 'react'
import { modeMeaning, modeName } from '../parts/policy-words.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import type { CodeHandle, LineNote } from '../parts/job/CodeEditor.tsx'
import type { Ask, Job } from '../queries/jobs.ts'
import { questionQuery } from './data.ts'
import { QuestionCode } from '../parts/job/QuestionCode.tsx'
import { lineOfCell, textOfNotebook } from '../parts/job/notebook.ts'
import { cohortWords } from '../parts/job/words.ts'

/** Why it failed, beside the line of the code that it failed at. */
function notesOf(problem: Job['problem'], ask: Ask): LineNote[] {
  if (problem?.line === undefined) return []
  const { line, cell, message, errorClass = '' } = problem
  const inText =
    ask.language === 'notebook' && cell !== undefined ? lineOfCell(textOfNotebook(ask.code), cell, line) : line
  return [{ line: inText, level: 'error', message: `${message} ${errorClass}`.trim() }]
}

/** What was asked: code, cohort, parameters, way of release. */
export function Question({ job, handle }: { job: Job; handle?: Ref<CodeHandle> }) {
  const { data: ask, error } = useQuery(questionQuery(job.jobId))
  if (!ask) return error ? <ProblemNotice error={error} /> : <LoadingRows rows={6} />
  return (
    <>
      <QuestionCode ask={ask} ref={handle} notes={notesOf(job.problem, ask)} />
      <dl className="terms wide">
        <div>
          <dt>Cohort</dt>
          <dd>{ask.on === 'twin' ? 'All synthetic rows' : cohortWords(ask.cohort)}</dd>
        </div>
        <div>
          <dt>Release</dt>
          <dd>
            {ask.on === 'twin' ? (
              'Tried on the synthetic twin: shown as it is'
            ) : (
              <>
                {modeName[ask.mode]}{' '}
                <Text span size="sm" c="dimmed">
                  {modeMeaning[ask.mode]}
                </Text>
              </>
            )}
          </dd>
        </div>
        {ask.purpose && (
          <div>
            <dt>Purpose</dt>
            <dd>{ask.purpose}</dd>
          </div>
        )}
        {ask.declared.length > 0 && (
          <div>
            <dt>Outputs</dt>
            <dd>{ask.declared.map((d) => `${d.name} from ${d.low} to ${d.high}`).join('; ')}</dd>
          </div>
        )}
        {Object.keys(ask.limits).length > 0 && (
          <div>
            <dt>Limits</dt>
            <dd>
              {[
                ask.limits.seconds ? `${ask.limits.seconds} s` : '',
                ask.limits.memoryMb ? `${ask.limits.memoryMb} MB` : '',
              ]
                .filter(Boolean)
                .join(', ')}
            </dd>
          </div>
        )}
      </dl>
      {Object.keys(ask.parameters).length > 0 && (
        <Section title="Parameters">
          <ScrollCode text={JSON.stringify(ask.parameters, null, 2)} label="Parameters" wrap />
        </Section>
      )}
    </>
  )
}

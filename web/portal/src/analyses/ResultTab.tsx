import { Anchor, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Outputs } from '../parts/job/Outputs.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import type { Job } from '../queries/jobs.ts'
import { resultQuery } from './data.ts'
import { ReleaseCard } from './ReleaseCard.tsx'
import plotStyles from '../parts/Plot.module.css'

/** What came back, beside the card that says what was done to it. */
export function ResultTab({ job }: { job: Job }) {
  const { data: result, error, refetch } = useQuery(resultQuery(job.jobId))
  if (!result) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={6} />
  return (
    <div className="two">
      <div>
        <Outputs outputs={result.outputs} noise={result.card.mode === 'noise'} />
        {result.files.map((file) => (
          <figure key={file.name} className={plotStyles.plot}>
            <img src={file.url} alt={`Plot ${file.name}, released by checkers`} className={plotStyles.releasedPlot} />
            <figcaption>
              <Anchor href={file.url} download={file.name} size="sm">
                {file.name}
              </Anchor>
            </figcaption>
          </figure>
        ))}
        {result.outputs.length + result.files.length === 0 && (
          <Text c="dimmed">Nothing of the output was left to release.</Text>
        )}
      </div>
      <ReleaseCard card={result.card} />
    </div>
  )
}

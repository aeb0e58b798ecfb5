import { Group, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../session/session.ts'
import { myRunsQuery } from './data.ts'
import { runName } from './words.ts'

/** One of the results of one of one's own runs. */
export function FromRun({ take }: { take: (jobId: string, path: string) => void }) {
  const { data: runs } = useQuery(myRunsQuery())
  const [jobId, choose] = useState<string | null>(null)
  const { data: artifacts } = useQuery({
    queryKey: ['artifacts', jobId, true],
    enabled: jobId !== null,
    queryFn: () => api.pipelines.artifacts({ params: { jobId: jobId! } }),
  })
  return (
    <Group mt="sm" align="flex-end">
      <Select
        label="Run"
        placeholder="Choose one"
        data={(runs ?? [])
          .filter((r) => r.state === 'succeeded' && r.artifacts > 0)
          .map((r) => ({ value: r.jobId, label: `${r.experiment}: ${runName(r)}` }))}
        value={jobId}
        onChange={choose}
        searchable
        w={300}
      />
      {jobId && (
        <Select
          label="Result"
          placeholder="Choose one"
          data={(artifacts?.items ?? []).map((a) => a.path)}
          onChange={(path) => {
            if (path) take(jobId, path)
          }}
          searchable
          w={240}
        />
      )}
    </Group>
  )
}

import { Stack, Switch, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useAct } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import type { Synthesis } from './data.ts'

/** Who else may have it, under which title, until when. */
export function Sharing({ synthesis: { synthesisId, rev, shared, title, expires } }: { synthesis: Synthesis }) {
  const client = useQueryClient()
  const { error, act } = useAct()
  const lastDay = expires?.slice(0, 10)
  const change = (part: { title?: string; shared?: boolean; expires?: string }) =>
    void act(`change ${JSON.stringify(part)}`, async () =>
      client.setQueryData(
        ['synthesis', synthesisId],
        await api.synthesis.share({ params: { synthesisId }, body: { rev, ...part } }),
      ),
    )
  return (
    <Stack maw={480} gap="md">
      <ProblemNotice error={error} title="It was not changed" />
      <Switch
        label="Shared with the organisation’s analysts"
        description="They find it here and may download it. The guarantee holds whoever has it."
        checked={shared}
        onChange={(e) => change({ shared: e.currentTarget.checked })}
      />
      <TextInput
        label="Title"
        defaultValue={title}
        key={`title ${title}`}
        maxLength={120}
        onBlur={(event) => {
          const typed = event.currentTarget.value.trim()
          if (typed && typed !== title) change({ title: typed })
        }}
      />
      <TextInput
        type="date"
        label="Expires"
        description="Its files are deleted then; the card stays."
        defaultValue={lastDay}
        key={`expires ${expires}`}
        onBlur={(event) => {
          const chosen = event.currentTarget.value
          if (chosen && chosen !== lastDay) change({ expires: chosen })
        }}
      />
    </Stack>
  )
}

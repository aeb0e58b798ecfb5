import { Group, NumberInput, Stack, Textarea } from '@mantine/core'
import type { AskDraft } from './ask-draft.ts'
import type { PutDraft } from './useAskDraft.ts'

/** For a script: what is handed to it, and how much time and memory it may take. */
export function AskLimits({ draft, put }: { draft: AskDraft; put: PutDraft }) {
  const parameters = draft.parameters.trim()
  return (
    <details className="legend" open={parameters !== '{}' && parameters !== '' ? true : undefined}>
      <summary>Parameters and limits</summary>
      <Stack mt="sm" maw={680}>
        <Textarea
          label="Parameters, JSON"
          description="Handed to the script as it is"
          autosize
          minRows={2}
          maxRows={10}
          value={draft.parameters}
          onChange={(e) => put({ parameters: e.currentTarget.value })}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
        />
        <Group>
          <NumberInput
            label="Seconds at most"
            placeholder="300"
            min={1}
            max={3600}
            w={160}
            value={draft.seconds ?? ''}
            onChange={(value) => put({ seconds: typeof value === 'number' ? value : undefined })}
          />
          <NumberInput
            label="Memory at most, MB"
            placeholder="2048"
            min={128}
            max={16_384}
            step={256}
            w={180}
            value={draft.memoryMb ?? ''}
            onChange={(value) => put({ memoryMb: typeof value === 'number' ? value : undefined })}
          />
        </Group>
      </Stack>
    </details>
  )
}

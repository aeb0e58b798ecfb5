import { Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemError } from '../../../../clients/api.ts'
import { useDraft } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import type { Dataset, Policy } from '../queries/datasets.ts'
import { PolicyForm } from './PolicyForm.tsx'
import stickybarStyles from './stickybar.module.css'

interface Form {
  title: string
  description: string
  declaredSubjects: string
  policy: Policy
}

/**
 * Changing words and policy of a published dataset. What becomes stricter holds at once, also for analyses under way.
 */
export function PolicyTab({ dataset }: { dataset: Dataset }) {
  const client = useQueryClient()
  const [draft, setDraft] = useDraft<Form>(`policy.${dataset.datasetId}`)
  const form: Form = draft ?? {
    title: dataset.title,
    description: dataset.description,
    declaredSubjects: dataset.declaredSubjects ?? '',
    policy: dataset.policy,
  }
  const put = (part: Partial<Form>) => {
    setSaved(false)
    setDraft({ ...form, ...part })
  }
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [saved, setSaved] = useState(false)
  const save = async () => {
    setBusy(true)
    setError(undefined)
    try {
      client.setQueryData(
        ['dataset', dataset.datasetId],
        await api.datasets.change({
          params: { datasetId: dataset.datasetId },
          body: {
            rev: dataset.rev,
            title: form.title,
            description: form.description,
            declaredSubjects: form.declaredSubjects,
            policy: form.policy,
          },
        }),
      )
      setDraft(undefined)
      setSaved(true)
      void client.invalidateQueries({ queryKey: ['datasets'] })
    } catch (e) {
      setError(e)
      if (e instanceof ProblemError && e.kind === 'changed-meanwhile')
        void client.invalidateQueries({ queryKey: ['dataset', dataset.datasetId] })
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <PolicyForm dataset={dataset} policy={form.policy} change={(policy) => put({ policy })} />
      <Section title="Words">
        <Stack maw={680}>
          <TextInput
            label="Title"
            required
            maxLength={120}
            value={form.title}
            onChange={(e) => put({ title: e.currentTarget.value })}
          />
          <Textarea
            label="Description"
            autosize
            minRows={3}
            maxRows={12}
            maxLength={10_000}
            value={form.description}
            onChange={(e) => put({ description: e.currentTarget.value })}
          />
          <TextInput
            label="How many subjects, in words"
            maxLength={60}
            value={form.declaredSubjects}
            onChange={(e) => put({ declaredSubjects: e.currentTarget.value })}
          />
        </Stack>
      </Section>
      <ProblemNotice error={error} />
      <Group className={stickybarStyles.stickybar} justify="space-between">
        <Text size="sm" c="dimmed" role="status">
          {savedWords(saved, draft !== undefined)}
        </Text>
        <Group gap="xs">
          {draft && (
            <Button
              variant="default"
              onClick={() => {
                setDraft(undefined)
                setError(undefined)
              }}
            >
              Discard
            </Button>
          )}
          <Button type="submit" loading={busy} disabled={!draft || !form.title.trim()}>
            Save
          </Button>
        </Group>
      </Group>
    </form>
  )
}

function savedWords(saved: boolean, changed: boolean): string {
  if (saved) return 'Saved'
  return changed ? 'Not saved yet' : 'Stricter rules hold at once, also for analyses that have not been released'
}

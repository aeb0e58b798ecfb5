import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ProblemError } from '../../../../clients/api.ts'
import { type Study, useDraft, useRecentLogin } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { isCatalogueName, nameFault, nameOf } from '../parts/catalogue-name.ts'

interface Form {
  title: string
  name: string
  purpose: string
}

/**
 * Turns completed runs into a dataset that can be asked: opened inside confinement only, never on anybody's computer.
 */
export function MakeDataset({ study, opened, onClose }: { study: Study; opened: boolean; onClose: () => void }) {
  const recent = useRecentLogin()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useDraft<Form>(`make-dataset.${study.studyId}`)
  const form = draft ?? { title: study.title, name: '', purpose: '' }
  const put = (part: Partial<Form>) => setDraft({ ...form, ...part })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const name = form.name || nameOf(form.title)
  const named = isCatalogueName(name)
  const taken = error instanceof ProblemError && error.kind === 'already-exists'
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { datasetId } = await recent(() =>
        api.datasets.fromStudy({
          params: { studyId: study.studyId },
          body: { name, title: form.title.trim(), purpose: form.purpose.trim() },
        }),
      )
      setDraft(undefined)
      onClose()
      void client.invalidateQueries({ queryKey: ['datasets'] })
      void navigate({ to: `/datasets/${datasetId}` })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Make available for analysis" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (named && form.purpose.trim().length >= 10) void go()
        }}
      >
        <Stack>
          <Text size="sm">
            The completed runs of this study become a dataset that others can ask questions of. They are decrypted
            inside confinement only: nobody’s computer sees them, also not yours. One entry in the audit chain names the
            runs and what for. A custodian then confirms what the columns mean and who may ask, before anybody can.
          </Text>
          <TextInput
            label="Title"
            required
            maxLength={120}
            value={form.title}
            onChange={(e) => put({ title: e.currentTarget.value })}
            data-autofocus
          />
          <TextInput
            label="Catalogue name"
            value={form.name}
            placeholder={nameOf(form.title)}
            maxLength={60}
            onChange={(e) => put({ name: e.currentTarget.value.toLowerCase() })}
            error={nameFault(name, taken)}
          />
          <Textarea
            label="What for?"
            description="At least 10 characters"
            autosize
            minRows={2}
            maxLength={500}
            required
            value={form.purpose}
            onChange={(e) => put({ purpose: e.currentTarget.value })}
          />
          {!taken && <ProblemNotice error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={busy}
              disabled={!named || !form.title.trim() || form.purpose.trim().length < 10}
            >
              Make the dataset
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

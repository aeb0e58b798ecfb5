import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Asset } from '../../../../clients/publish.ts'
import { diffAssets, diffConfigurations, diffSummary } from '../../../../domain/studies/diff.ts'
import { type Study, useDraft } from '../hooks.ts'
import { bytes, count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { versionQuery } from './data.ts'
import { DiffView } from './DiffView.tsx'
import { writeDraft } from './draft.ts'

/** What will change for new participants, a note for colleagues, and publish. */
export function PublishDialog({
  study,
  configuration,
  assets,
  base,
  close,
}: {
  study: Study
  configuration: Record<string, unknown>
  assets: readonly Asset[]
  base: number
  close: () => void
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: before } = useQuery({ ...versionQuery(study.studyId, base), enabled: base > 0 })
  const [note, setNote] = useDraft<string>(`note.${study.studyId}`)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const change = useMemo(
    () =>
      before
        ? {
            configuration: diffConfigurations(before.configuration, configuration),
            assets: diffAssets(before.files, assets),
          }
        : undefined,
    [before, configuration, assets],
  )
  const publish = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await api.studies.publish({
        params: { studyId: study.studyId },
        body: { configuration, assets: [...assets], note: note ?? '', expects: base },
      })
      writeDraft(study.studyId, undefined)
      setNote(undefined)
      await client.invalidateQueries({ queryKey: ['study', study.studyId] })
      void client.invalidateQueries({ queryKey: ['versions', study.studyId] })
      void client.invalidateQueries({ queryKey: ['studies'] })
      close()
      void navigate({ to: `/studies/${study.studyId}/overview` })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={close} title={`Publish version ${study.version + 1}`} size="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void publish()
        }}
      >
        <Stack>
          <Text size="sm">
            A version never changes afterwards. New participants get it; whoever has started goes on with theirs.
          </Text>
          {base === 0 && (
            <Text size="sm">
              The first version, with {count(assets.length, 'file')} ({bytes(assets.reduce((n, a) => n + a.size, 0))}).
            </Text>
          )}
          {base > 0 && !change && <LoadingRows rows={3} />}
          {base > 0 && change && (
            <div>
              <Text size="sm" fw={600} mb="xs">
                Since version {base}: {diffSummary(change.configuration, change.assets)}
              </Text>
              <DiffView {...change} />
            </div>
          )}
          <Textarea
            label="Note"
            description="What changed and why, for your colleagues"
            autosize
            minRows={2}
            maxLength={1000}
            value={note ?? ''}
            onChange={(e) => setNote(e.currentTarget.value)}
            data-autofocus
          />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              Publish
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

import { Alert, Button, Group, Modal, Progress, Stack, Text, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { OpenedRun } from '../../../../clients/results/model.ts'
import { openRuns } from '../../../../clients/results/open.ts'
import { useApi, useDraft, useRecentLogin } from '../hooks.ts'
import { count } from '../parts/figures.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { openedRuns } from './opened.ts'

interface Running {
  run: number
  of: number
  records: number
  share: number
}

/**
 * Asks what for, then opens: keys and records come to this tab, are checked and decrypted here. Can be cancelled; what
 * is open by then stays open.
 */
export function OpenDialog({
  studyId,
  choose,
  onClose,
}: {
  studyId: string
  choose: (() => Promise<readonly string[]>) | undefined
  onClose: () => void
}) {
  const api = useApi()
  const recent = useRecentLogin()
  const client = useQueryClient()
  const [purpose, setPurpose] = useDraft<string>(`purpose.${studyId}`)
  const [running, setRunning] = useState<Running>()
  const [error, setError] = useState<unknown>()
  const [nothing, setNothing] = useState(false)
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const said = (purpose ?? '').trim()

  const go = async (ids: () => Promise<readonly string[]>) => {
    const controller = new AbortController()
    stop.current = controller
    setError(undefined)
    setNothing(false)
    setRunning({ run: 0, of: 0, records: 0, share: 0 })
    const runs: OpenedRun[] = []
    let records = 0
    try {
      const runIds = await ids()
      if (runIds.length === 0) {
        setNothing(true)
        setRunning(undefined)
        return
      }
      setRunning({ run: 1, of: runIds.length, records: 0, share: 0 })
      const guarded = {
        ...api,
        runs: { ...api.runs, open: (input: Parameters<typeof api.runs.open>[0]) => recent(() => api.runs.open(input)) },
      }
      const onRecords = (progress: { fetched: number; of: number }) =>
        setRunning({
          run: runs.length + 1,
          of: runIds.length,
          records: records + progress.fetched,
          share: (runs.length + progress.fetched / Math.max(1, progress.of)) / runIds.length,
        })
      for await (const run of openRuns(guarded, {
        studyId,
        purpose: said,
        runIds,
        signal: controller.signal,
        onRecords,
      })) {
        runs.push(run)
        records += run.records.length
        setRunning({
          run: Math.min(runs.length + 1, runIds.length),
          of: runIds.length,
          records,
          share: runs.length / runIds.length,
        })
      }
      setPurpose(undefined)
      onClose()
    } catch (e) {
      if (!controller.signal.aborted) setError(e)
    } finally {
      if (runs.length > 0) openedRuns.add(studyId, runs, said)
      setRunning(undefined)
      void client.invalidateQueries({ queryKey: ['history', studyId] })
    }
  }
  const close = () => {
    stop.current?.abort()
    setError(undefined)
    setNothing(false)
    onClose()
  }
  return (
    <Modal opened={choose !== undefined} onClose={close} title="Open results" size="lg" closeOnClickOutside={!running}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (choose && said.length >= 10 && !running) void go(choose)
        }}
      >
        <Stack>
          <Text size="sm">
            Results are decrypted in this tab and stay here until you close it or download them. Each run that you open
            is written into the audit chain with your name and this purpose.
          </Text>
          <Textarea
            label="What do you open them for?"
            description="At least 10 characters, for example “Preregistered analysis of the flanker effect”"
            minRows={2}
            autosize
            maxLength={500}
            value={purpose ?? ''}
            onChange={(e) => setPurpose(e.currentTarget.value)}
            disabled={running !== undefined}
            data-autofocus
          />
          {running && (
            <div role="status">
              <Progress value={running.share * 100} aria-label="Opened so far" />
              <Text size="sm" mt={6}>
                {running.of === 0
                  ? 'Looking for runs …'
                  : `Run ${running.run} of ${running.of}, ${count(running.records, 'record')}`}
              </Text>
            </div>
          )}
          {nothing && (
            <Alert color="gray" variant="outline">
              No finished run matches. Choose runs in the list, or wait for the first one to finish.
            </Alert>
          )}
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {running ? 'Stop' : 'Cancel'}
            </Button>
            <Button type="submit" disabled={said.length < 10} loading={running !== undefined}>
              Open
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

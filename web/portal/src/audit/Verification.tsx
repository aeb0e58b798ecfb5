import { Alert, Button, Group, Progress, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { breakMeaning, type Verdict, verifyChain } from '../../../../clients/audit/verify.ts'
import type { Head } from '../../../../domain/audit/chain.ts'
import { useApi } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { count } from '../parts/figures.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'

const keyOf = (organisationId: string) => `cloister.audit-head.${organisationId}`

/** The head that this browser verified last: a number and a hash, nothing about anybody. */
function known(organisationId: string): (Head & { at: string }) | undefined {
  try {
    return JSON.parse(localStorage.getItem(keyOf(organisationId)) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** Walks the whole chain in this browser, event by event, and says whether it is whole or where it first breaks. */
export function Verification({
  organisationId,
  onBreak,
}: {
  organisationId: string
  onBreak: (seq: number | undefined) => void
}) {
  const api = useApi()
  const [progress, setProgress] = useState<{ checked: number; of: number }>()
  const [verdict, setVerdict] = useState<Verdict & { before?: string | undefined }>()
  const [error, setError] = useState<unknown>()
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [organisationId])
  const go = async () => {
    const controller = new AbortController()
    stop.current = controller
    setVerdict(undefined)
    setError(undefined)
    setProgress({ checked: 0, of: 0 })
    const before = known(organisationId)
    try {
      const read = (from: number) =>
        api.audit.events({ params: { organisationId }, query: { from, limit: 500 }, signal: controller.signal })
      const result = await verifyChain(read, {
        known: before,
        onProgress: (checked, of) => setProgress({ checked, of }),
      })
      setVerdict({ ...result, before: before?.at })
      onBreak(result.firstBreak?.seq ?? result.rewritten?.seq)
      if (!result.firstBreak && !result.rewritten)
        localStorage.setItem(keyOf(organisationId), JSON.stringify({ ...result.head, at: new Date().toISOString() }))
    } catch (e) {
      if (!controller.signal.aborted) setError(e)
    } finally {
      setProgress(undefined)
    }
  }
  return (
    <section className="panel" aria-label="Verification">
      <Group justify="space-between" gap="sm">
        <Text size="sm" maw={620}>
          Each event carries the hash of the one before it. Your browser reads the whole chain and calculates every hash
          itself, so that you need not take the server’s word for it.
        </Text>
        {progress ? (
          <Button variant="default" onClick={() => stop.current?.abort()}>
            Stop
          </Button>
        ) : (
          <Button onClick={() => void go()}>Verify the chain</Button>
        )}
      </Group>
      {progress && (
        <div role="status">
          <Progress
            mt="md"
            value={progress.of ? (100 * progress.checked) / progress.of : 0}
            aria-label="Verified so far"
          />
          <Text size="sm" mt={6}>
            {progress.checked.toLocaleString('en')} of {count(progress.of, 'event')}
          </Text>
        </div>
      )}
      {verdict?.firstBreak && (
        <Alert
          mt="md"
          color="red"
          variant="outline"
          role="alert"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title={`The chain breaks at event ${verdict.firstBreak.seq}`}
        >
          Event {verdict.firstBreak.seq} is not as it should be: {breakMeaning[verdict.firstBreak.reason]}. The{' '}
          {count(verdict.head.seq, 'event')} before it {verdict.head.seq === 1 ? 'is' : 'are'} whole. Tell whoever runs
          this installation, and keep what you exported.
        </Alert>
      )}
      {verdict?.rewritten && (
        <Alert
          mt="md"
          color="red"
          variant="outline"
          role="alert"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title={
            verdict.rewritten.now
              ? `The chain was written anew before event ${verdict.rewritten.seq + 1}`
              : 'The chain is shorter than it was'
          }
        >
          This browser verified event {verdict.rewritten.seq} before, with another hash. The chain is consistent in
          itself now, but it is not the chain that was here. Tell whoever runs this installation.
        </Alert>
      )}
      {verdict && !verdict.firstBreak && !verdict.rewritten && (
        <Alert
          mt="md"
          color="teal"
          variant="outline"
          role="status"
          icon={<IconCircleCheck size={18} aria-hidden />}
          title={`The chain is whole: ${count(verdict.head.seq, 'event')}`}
        >
          <Text size="sm" component="div">
            Every event is as it was written
            {verdict.before ? ', and the chain continues the one that this browser verified before' : ''}. To compare it
            with a colleague’s, here is the hash of the newest event:{' '}
            <CopyId
              value={verdict.head.hash}
              label="hash of the newest event"
              show={`${verdict.head.hash.slice(0, 24)}…`}
            />
          </Text>
        </Alert>
      )}
      {error !== undefined && (
        <div style={{ marginTop: 16 }}>
          <ProblemNotice error={error} retry={() => void go()} />
        </div>
      )}
    </section>
  )
}

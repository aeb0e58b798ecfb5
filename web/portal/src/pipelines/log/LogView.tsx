import { Button, Text } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { isOver } from '../../../../../domain/pipelines/life.ts'
import { ProblemNotice } from '../../parts/ProblemNotice.tsx'
import type { Run } from '../data.ts'
import type { LogBuffer } from './log-buffer.ts'
import { LogBar } from './LogBar.tsx'
import { LogText } from './LogText.tsx'
import { useLog } from './useLog.ts'
import { useLogSearch } from './useLogSearch.ts'
import logStyles from './log.module.css'

const rowHeight = 20
/** Scrolling back by less than this, in pixels, is no wish to stop following. */
const slip = 4
const goingUp = ['ArrowUp', 'PageUp', 'Home']

function nothingWritten(run: Run): string {
  if (isOver(run.state)) return 'Nothing was written.'
  return run.state === 'running' ? 'Nothing was written yet.' : 'The log begins when the run does.'
}

/** A region that scrolls is reached with the keyboard; moving up in it stops following. */
function useFollowing(): [
  follow: boolean,
  setFollow: (on: boolean) => void,
  region: React.HTMLAttributes<HTMLDivElement>,
] {
  const [follow, setFollow] = useState(true)
  const top = useRef(0)
  return [
    follow,
    setFollow,
    {
      role: 'log',
      'aria-label': 'Log',
      'aria-live': 'off',
      tabIndex: 0,
      onWheel: (event) => {
        if (event.deltaY < 0) setFollow(false)
      },
      // With the scroll bar or a finger, too; following itself only ever moves down.
      onScroll: (event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
        if (scrollTop < top.current - slip && scrollHeight - scrollTop - clientHeight > 2 * rowHeight) setFollow(false)
        top.current = scrollTop
      },
      onKeyDown: (event) => {
        if (goingUp.includes(event.key)) setFollow(false)
        if (event.key === 'End') setFollow(true)
      },
    },
  ]
}

/**
 * The log: live while the run goes on, the same for ever after. Newest at the bottom; what came before is loaded when
 * asked for.
 */
export function LogView({ run, heard }: { run: Run; heard: (buffer: LogBuffer) => void }) {
  const log = useLog(run.jobId, heard)
  const search = useLogSearch(log.shown)
  const [failed, setFailed] = useState<unknown>()
  const [follow, setFollow, region] = useFollowing()
  const [wrap, setWrap] = useState(false)
  const [times, setTimes] = useState(false)
  const [earlier, setEarlier] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const { shown } = log
  const { lines, hasEarlier } = shown
  // Nothing of it is handed to a memoised part; this component draws again with every record anyway.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 30,
    getItemKey: (index) => lines[index]!.id,
  })
  useEffect(() => {
    if (follow && shown.lines.length > 0) rows.scrollToIndex(shown.lines.length - 1, { align: 'end' })
  }, [follow, shown, rows])
  const goTo = (by: 1 | -1): void => {
    const line = search.step(by)
    if (line === undefined) return
    setFollow(false)
    rows.scrollToIndex(line, { align: 'center' })
  }
  const showEarlier = async (): Promise<void> => {
    setEarlier(true)
    setFollow(false)
    try {
      const brought = await log.loadEarlier()
      requestAnimationFrame(() => rows.scrollToIndex(brought, { align: 'start' }))
    } catch (e) {
      setFailed(e)
    } finally {
      setEarlier(false)
    }
  }
  return (
    <div>
      <LogBar
        jobId={run.jobId}
        search={search}
        goTo={goTo}
        partly={hasEarlier}
        failed={setFailed}
        switches={[
          { label: 'Follow', on: follow, set: setFollow },
          {
            label: 'Wrap',
            on: wrap,
            set: (on) => {
              setWrap(on)
              rows.measure()
            },
          },
          { label: 'Times', on: times, set: setTimes },
        ]}
      />
      <ProblemNotice error={failed ?? log.error} title="The log cannot be shown" />
      {log.lost && !isOver(run.state) && (
        <Text size="sm" role="status" c="dimmed" mb={6}>
          The connection was lost; going on from the same line …
        </Text>
      )}
      <div ref={box} className={logStyles.log} data-wrap={wrap || undefined} {...region}>
        {hasEarlier && (
          <Button size="compact-xs" variant="subtle" loading={earlier} onClick={() => void showEarlier()}>
            Show what came before
          </Button>
        )}
        {lines.length === 0 && (
          <Text size="sm" c="dimmed" p="xs">
            {nothingWritten(run)}
          </Text>
        )}
        <div className={logStyles.lines} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const line = lines[row.index]!
            return (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className={logStyles.line}
                data-stream={line.s}
                data-step={line.step === undefined ? undefined : true}
                data-now={search.hits[search.at] === row.index || undefined}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <LogText line={line} find={search.wanted} times={times} />
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

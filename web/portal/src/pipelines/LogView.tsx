import { ActionIcon, Button, Checkbox, CloseButton, Group, Menu, Text, TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconDownload, IconSearch } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { readEvents } from '../../../../clients/events.ts'
import { areas } from '../../../../contracts/index.ts'
import { isOver } from '../../../../domain/pipelines/life.ts'
import { count } from '../parts/figures.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api, reach, session } from '../session/session.ts'
import { spansOf, type Span } from './ansi.ts'
import type { Run } from './data.ts'
import { type Line, LogBuffer, type Placed, textOf } from './log-buffer.ts'

const pageOf = 1000
const rowHeight = 20
const clock = (t: number): string => {
  const d = new Date(t)
  return `${d.toLocaleTimeString('en-GB')}.${String(d.getMilliseconds()).padStart(3, '0')}`
}
const lookOf = (s: Span): React.CSSProperties => ({
  ...(typeof s.ink === 'string' ? { color: s.ink } : {}),
  ...(typeof s.ground === 'string' ? { background: s.ground } : {}),
})
const classOf = (s: Span): string =>
  [
    s.bold && 'b',
    s.dim && 'd',
    s.italic && 'i',
    s.underline && 'u',
    typeof s.ink === 'number' && `ink${s.ink}`,
    typeof s.ground === 'number' && `ground${s.ground}`,
  ]
    .filter(Boolean)
    .join(' ')

/** The text with what is searched for marked. */
function Marked({ text, find }: { text: string; find: string }) {
  if (!find) return text
  const parts: React.ReactNode[] = [],
    low = text.toLowerCase(),
    wanted = find.toLowerCase()
  let at = 0
  for (let i = low.indexOf(wanted); i >= 0 && parts.length < 200; i = low.indexOf(wanted, at)) {
    parts.push(text.slice(at, i), <mark key={i}>{text.slice(i, i + wanted.length)}</mark>)
    at = i + wanted.length
  }
  return (
    <>
      {parts}
      {text.slice(at)}
    </>
  )
}
const Row = ({ line, find, times }: { line: Line; find: string; times: boolean }) => (
  <>
    {times && <span className="time">{clock(line.t)}</span>}
    {line.metric !== undefined ? (
      <span className="d">
        <Marked text={line.metric} find={find} />
      </span>
    ) : line.step === undefined ? (
      spansOf(line.x).map((s, i) => (
        <span key={i} className={classOf(s) || undefined} style={lookOf(s)}>
          <Marked text={s.text} find={find} />
        </span>
      ))
    ) : (
      <strong>
        <Marked text={line.step} find={find} />
      </strong>
    )}
  </>
)

/**
 * The log: live while the run goes on, the same for ever after. Newest at the bottom; what came before is loaded when
 * asked for.
 */
export function LogView({ run, heard }: { run: Run; heard: (b: LogBuffer) => void }) {
  const { jobId } = run
  const [buffer] = useState(() => new LogBuffer())
  const [version, bump] = useState(0)
  const [error, setError] = useState<unknown>()
  const [lost, setLost] = useState(false)
  const [find, setFind] = useState('')
  const [at, setAt] = useState(-1)
  const [follow, setFollow] = useState(true)
  const [wrap, setWrap] = useState(false)
  const [times, setTimes] = useState(false)
  const [earlier, setEarlier] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const top = useRef(0)
  const over = isOver(run.state)
  useEffect(() => {
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const shown = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        bump((n) => n + 1)
        heard(buffer)
      }, 100)
    }
    const read = async (): Promise<void> => {
      const tail = await api.pipelines.log({
        params: { jobId },
        query: { limit: pageOf, tail: 'true' },
        signal: gone.signal,
      })
      if (buffer.next === 0) {
        buffer.first = tail.first
        buffer.next = tail.first
      }
      buffer.append(tail.records as Placed[])
      shown()
      if (tail.ended) {
        buffer.ended = true
        return
      }
      for await (const e of readEvents(reach, areas.pipelines.routes.logEvents, {
        params: { jobId },
        query: {},
        after: buffer.next,
        signal: gone.signal,
        connection: (c) => setLost(c === 'lost'),
      })) {
        buffer.append([e.data as Placed])
        shown()
      }
      buffer.ended = true
      shown()
    }
    read().catch((e: unknown) => {
      if (!gone.signal.aborted) setError(e)
    })
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [jobId, buffer, heard])
  const lines = useMemo(() => {
    void version
    return buffer.lines
  }, [buffer, version])
  const wanted = useDeferredValue(find.trim().toLowerCase())
  const hits = useMemo(() => {
    void version
    return wanted === '' ? [] : lines.flatMap((l, i) => (textOf(l).toLowerCase().includes(wanted) ? [i] : []))
  }, [lines, wanted, version])
  // oxlint-disable-next-line react/incompatible-library -- nothing of it is handed to a memoised part; this component draws again with every record anyway
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 30,
    getItemKey: (i) => lines[i]!.id,
  })
  useEffect(() => {
    if (follow && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: 'end' })
  }, [follow, version, lines.length, rows])
  const go = (step: 1 | -1): void => {
    if (hits.length === 0) return
    const next = at < 0 ? (step === 1 ? 0 : hits.length - 1) : (at + step + hits.length) % hits.length
    setFollow(false)
    setAt(next)
    rows.scrollToIndex(hits[next]!, { align: 'center' })
  }
  const before = async (): Promise<void> => {
    setEarlier(true)
    setFollow(false)
    try {
      const page = await api.pipelines.log({
        params: { jobId },
        query: { from: buffer.first, limit: pageOf, tail: 'true' },
      })
      const held = buffer.lines.length
      buffer.prepend(page.records as Placed[], page.first)
      bump((n) => n + 1)
      requestAnimationFrame(() => rows.scrollToIndex(buffer.lines.length - held, { align: 'start' }))
    } catch (e) {
      setError(e)
    } finally {
      setEarlier(false)
    }
  }
  const download = async (format: 'text' | 'jsonl'): Promise<void> => {
    setError(undefined)
    // Browsers keep a large Blob on the disk: a log of any length fills no memory.
    const response = await fetch(`/api/pipeline-runs/${jobId}/log/download?format=${format}`, {
      headers: { authorization: `Bearer ${session.token() ?? ''}` },
    })
    if (!response.ok) throw new Error(`The log could not be fetched (${response.status}).`)
    const a = document.createElement('a')
    a.href = URL.createObjectURL(await response.blob())
    a.download = `${jobId}.${format === 'text' ? 'log' : 'jsonl'}`
    a.click()
    setTimeout(() => URL.revokeObjectURL(a.href), 60_000)
  }
  // A region that scrolls is reached with the keyboard; moving up in it stops following.
  const scrolled: React.HTMLAttributes<HTMLDivElement> = {
    role: 'log',
    'aria-label': 'Log',
    'aria-live': 'off',
    tabIndex: 0,
    onWheel: (e) => {
      if (e.deltaY < 0) setFollow(false)
    },
    // With the scroll bar or a finger, too; following itself only ever moves down.
    onScroll: (e) => {
      const { scrollTop, scrollHeight, clientHeight } = e.currentTarget
      if (scrollTop < top.current - 4 && scrollHeight - scrollTop - clientHeight > 2 * rowHeight) setFollow(false)
      top.current = scrollTop
    },
    onKeyDown: (e) => {
      if (['ArrowUp', 'PageUp', 'Home'].includes(e.key)) setFollow(false)
      if (e.key === 'End') setFollow(true)
    },
  }
  return (
    <div>
      <Group gap="sm" mb="xs" className="logbar">
        <TextInput
          size="xs"
          value={find}
          onChange={(e) => {
            setFind(e.currentTarget.value)
            setAt(-1)
          }}
          onKeyDown={(e) => {
            if (e.key === 'Enter') go(e.shiftKey ? -1 : 1)
          }}
          placeholder="Search the log"
          aria-label="Search the log"
          leftSection={<IconSearch size={14} aria-hidden />}
          rightSection={
            find ? <CloseButton size="xs" aria-label="Clear the search" onClick={() => setFind('')} /> : undefined
          }
          className="grow"
        />
        {wanted && (
          <>
            <Text size="xs" c="dimmed" className="nowrap figures" role="status">
              {at >= 0 ? `${at + 1} of ` : ''}
              {count(hits.length, 'line')}
              {buffer.first > 0 ? ', in the part shown here' : ''}
            </Text>
            <ActionIcon variant="default" aria-label="Line found before" onClick={() => go(-1)}>
              <IconArrowUp size={14} />
            </ActionIcon>
            <ActionIcon variant="default" aria-label="Next line found" onClick={() => go(1)}>
              <IconArrowDown size={14} />
            </ActionIcon>
          </>
        )}
        <Checkbox size="xs" label="Follow" checked={follow} onChange={(e) => setFollow(e.currentTarget.checked)} />
        <Checkbox
          size="xs"
          label="Wrap"
          checked={wrap}
          onChange={(e) => {
            setWrap(e.currentTarget.checked)
            rows.measure()
          }}
        />
        <Checkbox size="xs" label="Times" checked={times} onChange={(e) => setTimes(e.currentTarget.checked)} />
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="compact-xs" variant="default" leftSection={<IconDownload size={13} aria-hidden />}>
              Download
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void download('text').catch(setError)}>
              Text
              <Text size="xs" c="dimmed">
                Time, stream and line
              </Text>
            </Menu.Item>
            <Menu.Item onClick={() => void download('jsonl').catch(setError)}>
              JSON lines
              <Text size="xs" c="dimmed">
                Every record, with samples
              </Text>
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <ProblemNotice error={error} title="The log cannot be shown" />
      {lost && !over && (
        <Text size="sm" role="status" c="dimmed" mb={6}>
          The connection was lost; going on from the same line …
        </Text>
      )}
      <div ref={box} className="log" data-wrap={wrap || undefined} {...scrolled}>
        {buffer.first > 0 && (
          <Button size="compact-xs" variant="subtle" loading={earlier} onClick={() => void before()}>
            Show what came before
          </Button>
        )}
        {lines.length === 0 && (
          <Text size="sm" c="dimmed" p="xs">
            {over
              ? 'Nothing was written.'
              : run.state === 'running'
                ? 'Nothing was written yet.'
                : 'The log begins when the run does.'}
          </Text>
        )}
        <div className="lines" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((v) => {
            const line = lines[v.index]!
            return (
              <div
                key={v.key}
                ref={rows.measureElement}
                data-index={v.index}
                className="line"
                data-stream={line.s}
                data-step={line.step === undefined ? undefined : true}
                data-now={hits[at] === v.index || undefined}
                style={{ transform: `translateY(${v.start}px)` }}
              >
                <Row line={line} find={wanted} times={times} />
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

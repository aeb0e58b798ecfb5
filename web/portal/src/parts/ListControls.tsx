import { CloseButton, Group, Select, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import styles from './ListControls.module.css'

interface ListState {
  q: string
  state: string
  sort: string
}
type SetList = (change: Partial<ListState>) => void

/**
 * Search text, state filter and order of a list, kept in the page's address so that it can be shared and gone back to.
 */
export function useListState(sort: string): [ListState, SetList] {
  const search: Record<string, unknown> = useSearch({ strict: false })
  const navigate = useNavigate()
  const text = (v: unknown, or: string) => (typeof v === 'string' || typeof v === 'number' ? String(v) : or)
  const now: ListState = {
    q: text(search['q'], ''),
    state: text(search['state'], ''),
    sort: text(search['sort'], sort),
  }
  const set: SetList = (change) => {
    const next = { ...now, ...change }
    const kept = {
      ...search,
      q: next.q || undefined,
      state: next.state || undefined,
      sort: next.sort === sort ? undefined : next.sort,
    }
    void navigate({ to: '.', search: kept as never, replace: true })
  }
  return [now, set]
}

/** Something else that a page remembers in its address; '' when it is not there. */
export function useAddress(key: string): [string, (value: string) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false })
  const navigate = useNavigate()
  const value = search[key]
  return [
    typeof value === 'string' || typeof value === 'number' ? String(value) : '',
    (next) =>
      void navigate({
        to: '.',
        search: ((now: object) => ({ ...now, [key]: next || undefined })) as never,
        replace: true,
      }),
  ]
}

/** Takes everything that narrows a list out of the address. */
export function useShowAll(): () => void {
  const navigate = useNavigate()
  return () => void navigate({ to: '.', search: {} as never, replace: true })
}

interface Option {
  value: string
  label: string
}
/** The controls over a list: search (`/` jumps to it), state filter, order. */
export function ListControls({
  list,
  set,
  states,
  sorts,
  placeholder = 'Search',
}: {
  list: ListState
  set: SetList
  states?: readonly Option[]
  sorts?: readonly Option[]
  placeholder?: string
}) {
  const box = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => box.current?.focus()]])
  return (
    <Group gap="sm" className={styles.controls} role="search">
      <TextInput
        ref={box}
        value={list.q}
        onChange={(e) => set({ q: e.currentTarget.value })}
        placeholder={placeholder}
        aria-label={placeholder}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          list.q ? <CloseButton size="sm" aria-label="Clear the search" onClick={() => set({ q: '' })} /> : undefined
        }
        className="grow"
      />
      {states && (
        <Select
          aria-label="Filter by state"
          data={[{ value: '', label: 'Every state' }, ...states]}
          value={list.state}
          onChange={(v) => set({ state: v ?? '' })}
          allowDeselect={false}
          w={150}
        />
      )}
      {sorts && (
        <Select
          aria-label="Order"
          data={[...sorts]}
          value={list.sort}
          onChange={(v) => set({ sort: v ?? '' })}
          allowDeselect={false}
          w={170}
        />
      )}
    </Group>
  )
}

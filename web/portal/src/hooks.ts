/** What every page asks: the client, who I am, where I am, what I may. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ProblemError, type Client } from '../../../clients/api.ts'
import { may, type Permission, type Role, type StudyRight } from '../../../domain/access/permissions.ts'
import { api, session, type SessionState } from './session/session.ts'

/** Who is signed in, as the server describes them. */
export type Me = Awaited<ReturnType<Client['access']['me']>>
export type Study = Awaited<ReturnType<Client['studies']['study']>>

export const useApi = (): Client => api
export const useSession = (): SessionState => useSyncExternalStore(session.subscribe, session.get)

/** Who is signed in. Pages inside the shell are shown only once this is known. */
export function useMe(): Me {
  const { data } = useQuery(meQuery)
  if (!data) throw new Error('useMe is for pages inside the shell')
  return data
}
export const meQuery = { queryKey: ['me'], queryFn: () => api.access.me(), staleTime: 60_000 } as const

const chosenKey = 'cloister.organisation'
const choiceListeners = new Set<() => void>()
const chosen = () => localStorage.getItem(chosenKey) ?? ''
export function chooseOrganisation(organisationId: string): void {
  localStorage.setItem(chosenKey, organisationId)
  for (const listener of choiceListeners) listener()
}
const onChoice = (listener: () => void) => {
  choiceListeners.add(listener)
  return () => {
    choiceListeners.delete(listener)
  }
}

export interface Here {
  organisationId: string
  organisation: string
  roles: readonly Role[]
}
/** The organisation being looked at: the one chosen last, or the first. Undefined for a person without any. */
export function useOrganisation(): Here | undefined {
  const id = useSyncExternalStore(onChoice, chosen)
  const { memberships } = useMe()
  return memberships.find((m) => m.organisationId === id) ?? memberships[0]
}

/** Whether I may do something here; for something of an organisation give the thing: a study brings my rights on it. */
export function useMay(): (
  permission: Permission,
  of?: { organisationId: string; rights?: readonly StudyRight[] },
) => boolean {
  const { memberships } = useMe()
  const here = useOrganisation()
  return (permission, of) => {
    const roles = of ? memberships.find((m) => m.organisationId === of.organisationId)?.roles : here?.roles
    return may({ roles: roles ?? [], ...(of?.rights ? { rights: of.rights } : {}) }, permission)
  }
}

/**
 * Runs an act that needs a recent sign-in: asks for one when the server says so, then repeats the act. Rejects with the
 * problem when the person would rather not.
 */
export function useRecentLogin(): <T>(act: () => Promise<T>) => Promise<T> {
  const client = useQueryClient()
  return useCallback(
    async (act) => {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof ProblemError) || error.kind !== 'login-too-old' || !(await session.need('recent')))
          throw error
        void client.invalidateQueries({ queryKey: ['me'] })
        return act()
      }
    },
    [client],
  )
}

export interface Acting {
  /** The act under way by its name, or ''. */
  busy: string
  /** Why the last act failed. */
  error: unknown
  act: (name: string, run: () => Promise<unknown>) => Promise<void>
  /** Forgets the error. */
  forget: () => void
}
/** Runs what a person asks for, and says how it goes. An act that is under way is not begun a second time. */
export function useAct(): Acting {
  const [busy, setBusy] = useState('')
  const [error, setError] = useState<unknown>()
  const underWay = useRef(new Set<string>())
  const act = useCallback(async (name: string, run: () => Promise<unknown>) => {
    if (underWay.current.has(name)) return
    underWay.current.add(name)
    setBusy(name)
    setError(undefined)
    try {
      await run()
    } catch (e) {
      setError(e)
    } finally {
      underWay.current.delete(name)
      setBusy((latest) => (latest === name ? '' : latest))
    }
  }, [])
  const forget = useCallback(() => setError(undefined), [])
  return { busy, error, act, forget }
}

/**
 * The same function all the time, which does what the newest one does: for parts that are drawn again only when what
 * they are given changes.
 */
export function useStable<Args extends unknown[]>(newest: (...args: Args) => void): (...args: Args) => void {
  const latest = useRef(newest)
  useEffect(() => {
    latest.current = newest
  })
  return useCallback((...args) => latest.current(...args), [])
}

/**
 * State that survives leaving the page in this tab (a reload, a sign-in): what was typed stays. `undefined` forgets it.
 * With `lasting` it survives closing the tab as well, in this browser.
 */
export function useDraft<T>(key: string, lasting = false): [T | undefined, (next: T | undefined) => void] {
  const name = `cloister.draft.${key}`
  const [value, setValue] = useState<T | undefined>(() => readDraft<T>(name, lasting ? localStorage : sessionStorage))
  const put = useCallback(
    (next: T | undefined) => {
      const store = lasting ? localStorage : sessionStorage
      setValue(next)
      if (next === undefined) {
        store.removeItem(name)
        return
      }
      // A draft too large for the browser's storage is still kept on the page.
      try {
        store.setItem(name, JSON.stringify(next))
      } catch {
        store.removeItem(name)
      }
    },
    [name, lasting],
  )
  return [value, put]
}

function readDraft<T>(name: string, store: Storage): T | undefined {
  const text = store.getItem(name)
  try {
    return text === null ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}

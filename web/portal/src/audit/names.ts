/**
 * Names for the ids of the chain, as far as the reader may know them: people of the organisation and studies they can
 * see.
 */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useMay, useOrganisation } from '../hooks.ts'
import { useStudies } from '../queries/studies.ts'
import { membersQuery } from '../queries/members.ts'

export interface Names {
  person: (userId: string) => string
  study: (studyId: string) => string | undefined
}

export function useNames(): Names {
  const may = useMay()
  const organisationId = useOrganisation()?.organisationId
  const { data: members } = useQuery({
    ...membersQuery(organisationId ?? ''),
    enabled: organisationId !== undefined && may('people.read'),
    staleTime: 60_000,
  })
  const { data: studies } = useStudies(organisationId)
  return useMemo(() => {
    const people = new Map(members?.map((m) => [m.userId, m.name || m.email]))
    const titles = new Map(studies?.map((s) => [s.studyId, s.title]))
    return { person: (id) => people.get(id) ?? `${id.slice(0, 8)}…`, study: (id) => titles.get(id) }
  }, [members, studies])
}

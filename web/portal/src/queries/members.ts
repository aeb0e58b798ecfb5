/** Who belongs to an organisation. */
import { queryOptions } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { api } from '../session/session.ts'
import { everything } from './everything.ts'

export type Member = Awaited<ReturnType<Client['access']['members']>>['items'][number]

export const membersQuery = (organisationId: string) =>
  queryOptions({
    queryKey: ['members', organisationId],
    queryFn: () =>
      everything((after) => api.access.members({ params: { organisationId }, query: { limit: 200, after } })),
  })

/** As people are called in lists: by their name, or by their address until they have one. */
export const nameOf = (member: Pick<Member, 'name' | 'email'>): string => member.name || member.email

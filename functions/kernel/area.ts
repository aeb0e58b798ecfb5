/** An area as functions serve it. Each area has one, in `functions/<area>/area.ts`; its functions bind it. */
import type { Area } from '../../contracts/route.ts'
import type { Resolvers } from './resources.ts'

type AccessOf<A extends Area> = A['routes'][keyof A['routes']]['access']['kind']

/** How the resources are found that an area's routes are about; that of an organisation the kernel finds itself. */
export type ResolversOf<A extends Area> = Pick<Resolvers, Extract<AccessOf<A>, keyof Resolvers> & Found>
type Found = Exclude<keyof Resolvers, 'organisation'>

/** A contract with what its functions need besides their implementations. */
export type ServedArea<A extends Area = Area> = A & { resolvers: ResolversOf<A> }

/** Binds a contract to its resolvers: one for every kind of access that its routes name. */
export const served = <A extends Area>(contract: A, resolvers: ResolversOf<A>): ServedArea<A> => ({
  ...contract,
  resolvers,
})

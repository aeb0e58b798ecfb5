/** Tells the function that keeps failed sign-ins about one, in the shape CloudTrail gives it in AWS. */
import type { LoginEvent } from '../../functions/access/login-events.ts'

export const loginFailure = (sub: string): LoginEvent => ({
  detail: { eventName: 'Login_POST', errorCode: 'NotAuthorizedException', additionalEventData: { sub } },
})

import { logins } from '../../sessions'

export async function GET(): Promise<Response> {
  const login = await logins.open()
  const visits = login.session.increment('visits')
  await login.save() // rejects if the save fails; the end of a block would only report it
  return Response.json({ user: login.session.owner, visits })
}

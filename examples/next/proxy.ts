import { type NextRequest, NextResponse } from 'next/server'
import { logins } from './app/sessions'

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const response = NextResponse.next()
  await logins.touch(request, response) // sets a cookie only if renewal is due
  return response
}

export const config = { matcher: '/((?!_next/).*)' }

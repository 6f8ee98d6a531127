import { Body, Controller, Get, Post, Redirect, Session } from '@nestjs/common'
import { type Login, store } from './sessions.js'

interface SignIn {
  user: string
  remember: boolean
}

@Controller()
export class AppController {
  @Get()
  show(@Session() session: Login): object {
    const visits = session.increment('visits')
    return { user: session.owner, visits, messages: session.flashes() }
  }

  @Post('sign-in')
  @Redirect('/')
  signIn(@Session() session: Login, @Body() { user, remember }: SignIn): void {
    session.login(user) // changes the session id
    session.remember(remember)
    session.addFlash('Welcome back')
  }

  @Post('sign-out-everywhere')
  @Redirect('/')
  async signOutEverywhere(@Session() session: Login): Promise<void> {
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
  }
}

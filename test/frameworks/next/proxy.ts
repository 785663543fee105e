import { type NextRequest, NextResponse } from 'next/server';
import { requests } from './lib/sessions';

export const proxy = requests.proxy((request: NextRequest, session) => {
  const { pathname, searchParams } = request.nextUrl;
  if (searchParams.get('theme') === 'dark') session.set('theme', 'dark'); // the page below sees it already
  if (pathname === '/account' && session.userId === undefined) return NextResponse.redirect(new URL('/', request.url));
  return undefined; // the request goes on
});

export const config = { matcher: '/((?!_next/|favicon.ico).*)' };

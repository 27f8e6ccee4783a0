"""What the doubles of platforms have in common: an aiohttp server on a thread
of its own, for as long as a `with` lasts."""

import asyncio
import threading

from aiohttp import web


class Served:
    """Of a double with app(), port (0: any, known once it listens) and tls."""

    loop = thread = site = None

    async def listen(self):
        runner = web.AppRunner(self.app(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port,
                           ssl_context=self.tls, shutdown_timeout=0.1)
        await site.start()
        self.site = site
        self.port = site._server.sockets[0].getsockname()[1]
        self.loop = asyncio.get_running_loop()
        self.thread = threading.current_thread()
        return runner

    def __enter__(self):
        ready = threading.Event()

        def run():
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            loop.run_until_complete(self.listen())
            loop.call_soon(ready.set)
            loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        assert ready.wait(10), f"{type(self).__name__} does not start"
        return self

    def __exit__(self, *_exc):
        # A test may have ended it already.
        if self.loop.is_running():
            asyncio.run_coroutine_threadsafe(self.end(), self.loop)
        self.thread.join(5)

    def let_go(self):
        """Lets go of what would hold it."""

    async def end(self):
        self.let_go()
        # Nobody may come while those who are here are sent away.
        await self.site.stop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.loop.stop()

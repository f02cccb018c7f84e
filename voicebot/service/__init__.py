"""One service of several processes: one is in front, and several workers carry the calls.

The front is registered at the PBX, has the page's port, keeps the order of who waits, and passes
signalling on; it hears and decodes nothing. Sound goes straight between the line and a worker.

    phone ---- SIP ----- Janus ---- WebSocket ---- front ---- channel ---- worker 1
      |                    |                        |    '--- channel ---- worker 2
      '------- RTP --------'----------- SRTP -------|--------------------- (either)
    browser -------------- HTTP --------------------'
"""

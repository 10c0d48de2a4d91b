"""An embedding server around plain transformers, for the engine that talks to servers: OpenAI's interface over last-token states, one text at
a time.

Arguments: the model's folder, the dtype (float32 or bfloat16).
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import torch
from transformers import AutoModel, AutoTokenizer

import peer

folder, dtype = sys.argv[1:3]
model = AutoModel.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)


class Embeddings(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows, tokens = [], 0
        with torch.inference_mode():
            for text in request["input"]:
                ids = tokenizer(text, return_tensors="pt").input_ids
                tokens += ids.shape[1]
                rows.append(model(ids, use_cache=False).last_hidden_state[0, -1].float().tolist())
        data = [{"index": index, "embedding": row} for index, row in enumerate(rows)]
        body = json.dumps({"data": data, "usage": {"prompt_tokens": tokens}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run():
    # OpenMP keeps the number by thread: said in the main thread, it would leave this one with one processor.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    server.serve_forever()


server = HTTPServer(("127.0.0.1", 0), Embeddings)
threading.Thread(target=run, daemon=True).start()
peer.serve({"port": lambda: server.server_port, "cpu": time.process_time})

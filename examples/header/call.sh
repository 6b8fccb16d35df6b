#!/bin/sh
credhelper as header api | curl -sS -H @- https://api.example.com/

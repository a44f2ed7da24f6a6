"""Thumbnails while the size of their cells changes."""

from __future__ import annotations

import io

import pytest
from conftest import pump
from PIL import Image

from stablenew_tk.domain.journal.position import Position
from stablenew_tk.gui.widgets.painting import Painting
from stablenew_tk.gui.widgets.thumbnails import ThumbnailRequest, Thumbs
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady

WISH = ThumbnailRequest("boat", Position(0, 0, 1), 0)


@pytest.fixture
def thumbs(root):
    arrived = []
    canvas = Painting(root, "bg")
    canvas.pack()
    made = Thumbs(canvas, lambda order: arrived.append(order), lambda _image: None)
    made.set_box((150, 200))
    made.want([WISH])
    out = io.BytesIO()
    Image.new("RGB", (150, 200), (200, 40, 40)).save(out, "JPEG")
    made.ready(ThumbnailReady(image_id="boat", edge=arrived[0].edge, jpeg=out.getvalue(), problem=""))
    pump(root, lambda: made.photo("boat") is not None)
    yield made
    made.close()


@pytest.mark.parametrize("box", [(140, 190), (150, 120), (60, 200), (40, 50)])
def test_a_picture_is_shown_reduced_while_its_place_gets_smaller(root, thumbs, box):
    thumbs.set_box(box)
    photo = thumbs.photo("boat")
    assert 0 < photo.width() <= box[0]
    assert 0 < photo.height() <= box[1]
    assert root.tk.splitlist(root.tk.call(str(photo), "get", photo.width() // 2, photo.height() // 2))[0] > 150
    assert thumbs.photo("boat") is photo


def test_a_picture_stays_as_it_is_while_its_place_gets_larger(thumbs):
    before = thumbs.photo("boat")
    thumbs.set_box((300, 400))
    assert thumbs.photo("boat") is before

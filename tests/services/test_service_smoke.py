from support.scene import Scene
from support.exports import V1
def test_a(scene: Scene):
    scene.live(V1)
    print(scene.kinds(), scene.delivered())
def test_b(scene: Scene):
    scene.live(V1)
